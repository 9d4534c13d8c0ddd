import { importPKCS8, SignJWT } from 'jose';
import { UpstreamFault } from './fault.ts';
import type { UpstreamProvider } from './provider.ts';

/** Apple's client secret is a JWT that we sign with the key that Apple gave us, for a few minutes. */
export async function appleClientSecret(
  { appleTeamId, appleKeyId, client_id }: UpstreamProvider,
  pem: string,
  nowMs: number,
): Promise<string> {
  const iat = Math.floor(nowMs / 1000);
  try {
    return await new SignJWT({ iss: appleTeamId, sub: client_id, aud: 'https://appleid.apple.com', iat, exp: iat + 300 })
      .setProtectedHeader({ alg: 'ES256', kid: appleKeyId })
      .sign(await importPKCS8(pem, 'ES256'));
  } catch (cause) {
    throw new UpstreamFault('secret_missing', cause);
  }
}
