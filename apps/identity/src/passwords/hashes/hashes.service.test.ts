import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { HashRefused } from './format.ts';
import { hashFormats, readHash, storedHash } from './index.ts';

const signerKey = 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==';
const firebaseDigest = 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==';
const firebase = `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${signerKey}$42xEC+ixf3L2lw==$${firebaseDigest}`;
const longText = 'a very much longer text to encrypt.  This one even stretches over morethan one line.';
const drepper512 = 'svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1';
const drepper10000 = 'OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.';
const bcrypt = '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const keycloakKey = 'JbGL2pnhRBQv6Iuen/pT6MI2Jut7X9mR5p95uv8eiGtqJ2gu9sU6tntQJg3CBK3PtktLjjTnchKxFGlwAm0b1w';

const ldap = (scheme: string, algorithm: string, salt = ''): string =>
  `{${scheme}}${Buffer.concat([createHash(algorithm).update(`letmein${salt}`).digest(), Buffer.from(salt)]).toString('base64')}`;

// Published vectors where there are some; else made by other software: OpenSSL, glibc, Python's hashlib.
const vectors: readonly (readonly [cites: string, format: string, password: string, hash: string])[] = [
  [
    'phc-winner-argon2, argon2i',
    'argon2',
    'password',
    '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8',
  ],
  ['OpenBSD bcrypt', 'bcrypt', 'U*U', bcrypt],
  ['Django, bcrypt_sha256 (glibc)', 'bcrypt', 'letmein', 'bcrypt_sha256$$2b$05$CCCCCCCCCCCCCCCCCCCCC.HVtM0oLg7RvPZY8lN3aoFdfWWYcSEzi'],
  ['crypt_blowfish, $2y$', 'bcrypt', 'U*U', bcrypt.replace('$2b$', '$2y$')],
  ['passlib, scrypt', 'scrypt', 'password', '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E'],
  [
    'Django, scrypt',
    'scrypt',
    'letmein',
    'scrypt$16384$seasalt$8$5$C/VG8DdRfTdtpD40QOcMQQyqp+jcDv1shMrtOyU/1dHDtAhk+4jlRt4fSmXOHfT0DwsJ8XBd0tIK7jOgJLxtCg==',
  ],
  [
    'Werkzeug, scrypt',
    'scrypt',
    'letmein',
    'scrypt:16384:8:1$seasalt$6b0ddb5315850b75df85e8366a8bef2ed9d3d18ff2831b4840e19e726122a78d686cc5550d4efd8db3ef1f3f40ae19790c948e3ed9e13a270eb3d33f8fb43ca1',
  ],
  ['firebase/scrypt, README', 'firebase-scrypt', 'user1password', firebase],
  [
    'passlib, pbkdf2_sha256',
    'pbkdf2',
    'password',
    '$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M',
  ],
  ['Django, pbkdf2_sha256', 'pbkdf2', 'letmein', 'pbkdf2_sha256$1000$seasalt$R1/GfWtwog1T8Ev9VndgDjzkiRzbFr8JpmJtL9cMmQU='],
  ['Werkzeug, pbkdf2', 'pbkdf2', 'letmein', 'pbkdf2:sha256:1000$seasalt$475fc67d6b70a20d53f04bfd5677600e3ce4891cdb16bf09a6626d2fd70c9905'],
  [
    'ASP.NET Core PasswordHasherTest, version 2',
    'aspnet-identity',
    'my password',
    'AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg==',
  ],
  [
    'ASP.NET Core PasswordHasherTest, version 3',
    'aspnet-identity',
    'my password',
    'AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M',
  ],
  ['RFC 2307 §5.3, {SSHA}', 'ldap', 'letmein', ldap('SSHA', 'sha1', 'salt')],
  ['RFC 2307 §5.3, {sha}', 'ldap', 'letmein', ldap('sha', 'sha1')],
  ['RFC 2307 §5.3, {MD5}', 'ldap', 'letmein', ldap('MD5', 'md5')],
  ['RFC 2307 §5.3, {SMD5}', 'ldap', 'letmein', ldap('SMD5', 'md5', 'salty')],
  ['OpenLDAP pw-sha2, {SSHA256}', 'ldap', 'letmein', ldap('SSHA256', 'sha256', 'saltsalt')],
  ['OpenLDAP pw-sha2, {SSHA512}', 'ldap', 'letmein', ldap('SSHA512', 'sha512', 'saltsalt')],
  ['RFC 2307 §5.3, {CRYPT} of bcrypt', 'ldap', 'U*U', `{CRYPT}${bcrypt}`],
  ['OpenLDAP pw-pbkdf2', 'ldap', 'password', '{PBKDF2-SHA256}6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M'],
  ['SHA-crypt.txt, SHA-256', 'sha-crypt', 'Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['SHA-crypt.txt, SHA-256, rounds', 'sha-crypt', longText, '$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1'],
  ['SHA-crypt.txt, SHA-512', 'sha-crypt', 'Hello world!', `$6$saltstring$${drepper512}`],
  ['SHA-crypt.txt, SHA-512, rounds', 'sha-crypt', 'Hello world!', `$6$rounds=10000$saltstringsaltst$${drepper10000}`],
  ['OpenSSL passwd -1', 'md5-crypt', 'Grüße, Wörld', '$1$deadbeef$sY4z.A3TPbYdH9Dm2qW981'],
  ['OpenSSL passwd -apr1', 'md5-crypt', 'Grüße, Wörld', '$apr1$deadbeef$7Y3FiLGnsEdfIrNe3yfBL0'],
  ['phpass test.php', 'phpass', 'test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
  ['phpBB', 'phpass', 'test1', '$H$9aaaaaSXBjgypwqm.JsMssPLiS8YQ00'],
  ['Drupal 7', 'phpass', 'letmein', '$S$8saltsalt5EpTXyQmcq82fdIe.xkqijk7Z4CpblGGVtwag2Ikqj6'],
];

describe('how-to/import.md, "Password hashes"', () => {
  test.each(vectors)('%s: the password matches, and no other does', (_cites, format, password, hash) => {
    const read = readHash(hash);
    expect(read.format).toBe(format);
    expect(read.check(password)).toBe(true);
    expect(read.check(`${password}x`)).toBe(false);
    expect(read.check('')).toBe(false);
  });

  test('bcrypt: the first 72 bytes count, as where the hash comes from', () => {
    const { check } = readHash('$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui');
    expect(check('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored')).toBe(true);
    expect(check('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ012345678')).toBe(false);
  });

  test('Keycloak: a credential of an export is stored in the writing of its algorithm', () => {
    const credential = {
      type: 'password',
      secretData: JSON.stringify({ value: `${keycloakKey}==`, salt: Buffer.from('0123456789abcdef').toString('base64') }),
      credentialData: JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha512', additionalParameters: {} }),
    };
    const stored = storedHash(JSON.stringify(credential));
    expect(stored).toBe(`$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg$${keycloakKey}`);
    expect(readHash(stored).check('letmein')).toBe(true);

    const argon2 = {
      secretData: JSON.stringify({ value: 'iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8=', salt: 'c29tZXNhbHQ=' }),
      credentialData: JSON.stringify({
        hashIterations: 2,
        algorithm: 'argon2',
        additionalParameters: { hashLength: ['32'], memory: ['256'], type: ['i'], version: ['1.3'], parallelism: ['1'] },
      }),
    };
    expect(readHash(storedHash(JSON.stringify(argon2))).check('password')).toBe(true);
    for (const wrong of ['{"a":1}', '{"credentialData":"{\\"algorithm\\":\\"plain\\"}","secretData":"{}"}', '{"credentialData":[]']) {
      expect(() => storedHash(wrong)).toThrow(HashRefused);
    }
  });
});

describe('how-to/import.md, "What is refused": a hostile import makes no sign-in burn minutes or gigabytes', () => {
  const zeros = (bytes: number): string => Buffer.alloc(bytes).toString('base64').replaceAll('=', '');

  test.each([
    ['memory of argon2', `$argon2id$v=19$m=2097152,t=1,p=1$${zeros(16)}$${zeros(32)}`],
    ['passes of argon2', `$argon2id$v=19$m=19456,t=1000,p=1$${zeros(16)}$${zeros(32)}`],
    ['a short digest of argon2', `$argon2id$v=19$m=256,t=1,p=1$${zeros(16)}$${zeros(4)}`],
    ['a keyed argon2', `$argon2id$v=19$m=256,t=1,p=1,keyid=AAAA$${zeros(16)}$${zeros(32)}`],
    ['the cost of bcrypt', bcrypt.replace('$05$', '$31$')],
    ['bcrypt that is broken', bcrypt.replace('$2b$', '$2x$')],
    ['memory of scrypt', `$scrypt$ln=20,r=8,p=1$${zeros(16)}$${zeros(32)}`],
    ['lanes of scrypt', `$scrypt$ln=16,r=8,p=64$${zeros(16)}$${zeros(32)}`],
    ['a cost of scrypt that is no power of two', `scrypt$1000$salt$8$1$${zeros(32)}`],
    ['memory of Firebase', firebase.replace('n=14', 'n=19')],
    ['a short signer key of Firebase', firebase.replace(signerKey, 'AAAA')],
    ['rounds of PBKDF2', `$pbkdf2-sha256$99999999$${zeros(16)}$${zeros(32)}`],
    ['PBKDF2 of no key, which every password has', `$pbkdf2-sha256$1000$${zeros(16)}$`],
    ['a long key of PBKDF2', `$pbkdf2-sha256$1000000$${zeros(16)}$${zeros(512)}`],
    ['rounds of ASP.NET', Buffer.concat([Buffer.of(1, 0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 0, 16), Buffer.alloc(48)]).toString('base64')],
    [
      'a salt of ASP.NET that takes all',
      Buffer.concat([Buffer.of(1, 0, 0, 0, 1, 0, 0, 3, 232, 0, 0, 0, 47), Buffer.alloc(48)]).toString('base64'),
    ],
    ['a digest without salt', '{SSHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk='],
    ['an unknown scheme', '{SASL}somebody@example.com'],
    ['rounds of SHA-crypt', `$6$rounds=999999999$salt$${drepper512}`],
    ['a short digest of SHA-crypt', '$6$salt$abc'],
    ['rounds of phpass', '$P$SIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
    ['a digest of phpass that is short', '$P$9IQRaTwmf'],
    ['yescrypt', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'],
    ['a password in the clear', 'letmein'],
    ['the empty text', ''],
    ['too long a text', `{SSHA}${'A'.repeat(5000)}`],
  ])('%s', (_what, hash) => {
    expect(() => readHash(hash)).toThrow(HashRefused);
    expect(() => storedHash(hash)).toThrow(HashRefused);
  });

  test('the registry has each format once', () => {
    const names = hashFormats.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
