import { OAuthError } from '@authority/errors';
import { type Answer, noStore } from '../http/answer.ts';
import type { Cookies } from '../http/cookies.ts';
import type { Issuer } from '../http/issuer.ts';
import { transportSecurity } from '../http/security-headers.ts';
import type { Endpoint } from '../http/serve.ts';
import { assetsBelow } from '../pages/assets.ts';
import { html } from '../pages/html.ts';
import type { Published } from './published.ts';

export const checkSessionPath = '/oauth2/check-session';

/**
 * The check_session_iframe (OpenID Connect Session Management 1.0 §4.2): the one page of ours that others may frame. It
 * shows nothing, takes nothing and asks nobody: a script that reads one cookie. There while the metadata names it.
 */
export function checkSessionEndpoint(issuer: Issuer, cookies: Cookies, published: Pick<Published, 'names'>): Endpoint {
  const { checkSessionScript } = assetsBelow(issuer.path);
  const body = html`<!doctype html>
<html lang="en" data-cookie="${cookies.nameOf('state')}">
<meta charset="utf-8">
<title>Session</title>
<script src="${checkSessionScript}"></script>
</html>
`.text;
  const answer: Answer = {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      ...noStore,
      'content-security-policy': "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
      ...transportSecurity(issuer),
    },
    body,
  };
  return () => {
    if (!published.names('check_session_iframe')) {
      throw new OAuthError('invalid_request', 'route_unknown', { description: 'Session management is off.' });
    }
    return answer;
  };
}
