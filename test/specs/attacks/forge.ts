import { createHmac, type KeyObject, sign } from 'node:crypto';

/** What a JWT is made from: what would be accepted, and what an attacker has besides. */
export interface Forgery {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The key that would be right; undefined where nobody outside has it. */
  readonly key: KeyObject | undefined;
  /** Public keys that everybody can read. */
  readonly published: readonly KeyObject[];
  readonly attacker: KeyObject;
  readonly attackerJwk: object;
  /** An address of the attacker's, where his keys are. */
  readonly trap: string;
}

const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A compact JWS over header and payload; texts are taken as they are, so that JSON can be written by hand. */
export function jws(header: unknown, payload: unknown, by: (input: string) => Uint8Array): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${Buffer.from(by(input)).toString('base64url')}`;
}

export const es256 =
  (key: KeyObject): ((input: string) => Uint8Array) =>
  (input) =>
    sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });

const hmac =
  (hash: string, secret: string | Buffer): ((input: string) => Uint8Array) =>
  (input) =>
    createHmac(hash, secret).update(input).digest();

const nothing = (): Uint8Array => new Uint8Array();
const junk = (length: number, byte: number) => (): Uint8Array => Buffer.alloc(length, byte);

/** Attacks that need no key but what everybody has. */
export const keyless: readonly (readonly [string, (from: Forgery) => readonly string[]])[] = [
  [
    '§2.1, §3.1: alg none in every spelling',
    ({ header, claims }) =>
      ['none', 'None', 'NONE', 'nOnE', 'none ', ' none', 'none\u0000', '', null, false, 0, [], ['none'], {}].flatMap((alg) => [
        jws({ ...header, alg }, claims, nothing),
        jws({ ...header, alg }, claims, junk(64, 0)),
      ]),
  ],
  [
    '§2.1, §3.1: HMAC by a public key, in every form that it is published in',
    ({ header, claims, published }) =>
      published.flatMap((key) => {
        const forms = [
          key.export({ format: 'pem', type: 'spki' }),
          String(key.export({ format: 'pem', type: 'spki' })).trim(),
          key.export({ format: 'der', type: 'spki' }),
          JSON.stringify(key.export({ format: 'jwk' })),
        ];
        return forms.flatMap((form) =>
          [256, 384, 512].map((bits) => jws({ ...header, alg: `HS${bits}` }, claims, hmac(`sha${bits}`, form as string | Buffer))),
        );
      }),
  ],
  [
    '§2.2, §3.5: HMAC by a secret that can be guessed',
    ({ header, claims }) =>
      ['', 'secret', 'undefined', '\0'.repeat(32)].map((secret) => jws({ ...header, alg: 'HS256' }, claims, hmac('sha256', secret))),
  ],
  [
    '§3.1: algorithms that nobody offers, or that are no text',
    ({ header, claims }) =>
      [
        'ES256K',
        'RS1',
        'PS1',
        'RSA1_5',
        'dir',
        'A128KW',
        'HS1',
        'es256',
        'ES256 ',
        'constructor',
        '__proto__',
        256,
        ['ES256'],
        { alg: 'ES256' },
      ].map((alg) => jws({ ...header, alg }, claims, junk(64, 1))),
  ],
  [
    '§3.3, §3.4: signatures that bad mathematics would take',
    ({ header, claims }) =>
      [0, 1, 0xff].flatMap((byte) => [0, 1, 63, 64, 65, 128, 256].map((length) => jws(header, claims, junk(length, byte)))),
  ],
  ['§3.2: another key', ({ header, claims, attacker }) => [jws(header, claims, es256(attacker))]],
  [
    '§2.9, §3.10: a key of the attacker’s in the header, or at an address that it names',
    ({ header, claims, attacker, attackerJwk, trap }) => {
      const key = Buffer.from('MIIB').toString('base64');
      const headers = [
        { jwk: attackerJwk },
        { jku: trap },
        { x5u: trap },
        { x5c: [key] },
        { jku: trap, kid: 'trap' },
        { x5t: 'AAAA', 'x5t#S256': 'AAAA' },
      ];
      return headers.map((more) => jws({ ...header, ...more }, claims, es256(attacker)));
    },
  ],
  [
    '§2.9, §3.10: a kid that is a path, a statement, an address or no text',
    ({ header, claims, attacker, trap }) => {
      const kids = [
        '../../../../dev/null',
        '/dev/null',
        "' OR 1=1 --",
        "x'; DROP TABLE keys; --",
        trap,
        'file:///etc/passwd',
        '',
        '\u0000',
        'k'.repeat(4000),
      ];
      return [...kids, null, 0, [], {}, ['one'], '__proto__', 'constructor', '$(id)', '{{7*7}}'].map((kid) =>
        jws({ ...header, kid }, claims, es256(attacker)),
      );
    },
  ],
  [
    '§2.6: other serializations, and nonsense',
    ({ header, claims, attacker }) => {
      const [first, second, third] = jws(header, claims, es256(attacker)).split('.');
      const flat = { protected: first, payload: second, signature: third };
      const broken = [
        `${first}.${second}`,
        `${first}.${second}.`,
        `.${second}.${third}`,
        `${first}..${third}`,
        '..',
        '.',
        `${first}.${second}.${third}.${third}`,
      ];
      return [
        JSON.stringify(flat),
        JSON.stringify({ payload: second, signatures: [{ protected: first, signature: third }] }),
        ...broken,
        'null',
        '[]',
        'ey',
      ];
    },
  ],
  [
    '§2.4, §3.6: JWEs that would burn CPU or memory',
    ({ claims }) => {
      const headers = [
        { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_147_483_647, p2s: 'AAAAAAAAAAA' },
        { alg: 'PBES2-HS512+A256KW', enc: 'A256CBC-HS512', p2c: 1e308, p2s: 'AAAAAAAAAAA' },
        { alg: 'dir', enc: 'A256GCM', zip: 'DEF' },
        { alg: 'RSA-OAEP-256', enc: 'A256GCM', zip: 'DEF' },
        { alg: 'RSA1_5', enc: 'A128CBC-HS256' },
        { alg: 'ECDH-ES', enc: 'A256GCM', epk: { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' } },
        { alg: 'ECDH-ES', enc: 'A256GCM', epk: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) } },
        { alg: 'none', enc: 'none' },
      ];
      return headers.map((header) => [header, 'x'.repeat(32), 'x'.repeat(12), claims, 'x'.repeat(16)].map(encode).join('.'));
    },
  ],
];

/** Attacks by somebody who has the right key: a client that plays tricks, or whoever leads it to sign them. */
export const keyed: readonly (readonly [string, (from: Forgery & { key: KeyObject }) => readonly string[]])[] = [
  [
    '§3.10 (RFC 7515 §4.1.11): critical extensions that nobody understands',
    ({ header, claims, key }) =>
      [['b64'], ['exp'], ['x'], [], 'x', ['alg'], ['x', 'x']].map((crit) =>
        jws({ ...header, crit, b64: true, exp: 1, x: 1 }, claims, es256(key)),
      ),
  ],
  ['RFC 7797 §6: an unencoded payload', ({ header, claims, key }) => [jws({ ...header, b64: false, crit: ['b64'] }, claims, es256(key))]],
  [
    '§2.6, §3.7: encodings that others would read otherwise',
    ({ header, claims, key }) => {
      const good = jws(header, claims, es256(key));
      const [first = '', second = '', third = ''] = good.split('.');
      const wide = Buffer.from(JSON.stringify(claims), 'utf16le').toString('base64url');
      const signed = (one: string, two: string): string =>
        `${one}.${two}.${Buffer.from(es256(key)(`${one}.${two}`)).toString('base64url')}`;
      return [
        signed(first, wide),
        signed(first, `${second}=`),
        signed(`${first}\n`, second),
        signed(first, Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')),
        signed(first, encode('null')),
        signed(first, encode('[]')),
        signed(first, encode('"text"')),
        `${first}.${second}.${third}=`,
        ` ${good}`,
        `${good}\n`,
      ];
    },
  ],
  [
    '§3.3: the signature in DER, or over something else',
    ({ header, claims, key }) => [
      jws(header, claims, (input) => sign('sha256', Buffer.from(input), key)),
      jws(header, claims, (input) => sign('sha512', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })),
      jws(header, claims, (input) => es256(key)(input.toLowerCase())),
    ],
  ],
  [
    '§3.11, §2.8: the type of another JWT',
    ({ header, claims, key }) =>
      ['at+jwt', 'application/at+jwt', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'token-introspection+jwt', 'JWE', 7, ['JWT'], null].map(
        (typ) => jws({ ...header, typ }, claims, es256(key)),
      ),
  ],
  [
    '§3.8, §3.9: another issuer, another audience',
    ({ header, claims, key }) => {
      const wrong = [
        { iss: 'https://evil.example' },
        { iss: `${claims['iss']}/` },
        { iss: [claims['iss']] },
        { iss: undefined },
        { aud: undefined },
      ];
      const audiences = ['https://evil.example', `${claims['aud']}/`, `${claims['aud']}.evil.example`, [], {}, '', 7].map((aud) => ({
        aud,
      }));
      return [...wrong, ...audiences].map((changes) => jws(header, { ...claims, ...changes }, es256(key)));
    },
  ],
  [
    'RFC 7519 §4.1.4: times that are over, or are none',
    ({ header, claims, key }) =>
      [1, -1, '9999999999', null, true, [], {}, '1e400', -0.5].map((exp) => jws(header, { ...claims, exp }, es256(key))),
  ],
];
