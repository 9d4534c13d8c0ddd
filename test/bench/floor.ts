// What no server in Node can beat: bare node:http that reads the form, signs one ES256 token and answers it. No client, no
// check, no store, no second process. Argument: port.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';

const [port = ''] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'floor' })).toString('base64url');

function token(): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: 'floor', sub: 'machine', aud: 'floor', client_id: 'machine', iat, exp: iat + 300, jti: randomUUID() };
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    new URLSearchParams(Buffer.concat(chunks).toString());
    const body = JSON.stringify({ access_token: token(), token_type: 'Bearer', expires_in: 300 });
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': body.length });
    response.end(body);
  });
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
