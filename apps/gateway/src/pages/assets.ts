import { createHash } from 'node:crypto';
import type { Answer } from '../http/answer.ts';
import { plainError } from '../http/oauth-error.ts';
import type { Route } from '../http/serve.ts';
import { checkSessionScript, formPostScript, icon, pageScript, signedOutScript } from './assets/scripts.ts';
import { passkeyScript } from './assets/passkey-script.ts';
import { stylesheet } from './assets/stylesheet.ts';

/** Files that pages refer to. Their names carry a hash of what they hold, so that a cache may keep them for good. */
export interface Assets {
  readonly stylesheet: string;
  readonly pageScript: string;
  readonly passkeyScript: string;
  readonly formPostScript: string;
  readonly signedOutScript: string;
  readonly checkSessionScript: string;
  readonly icon: string;
}

const javascript = 'text/javascript; charset=utf-8';

const files = {
  stylesheet: ['page', 'css', 'text/css; charset=utf-8', stylesheet],
  pageScript: ['page', 'js', javascript, pageScript],
  passkeyScript: ['passkey', 'js', javascript, passkeyScript],
  formPostScript: ['form-post', 'js', javascript, formPostScript],
  signedOutScript: ['signed-out', 'js', javascript, signedOutScript],
  checkSessionScript: ['check-session', 'js', javascript, checkSessionScript],
  icon: ['icon', 'svg', 'image/svg+xml', icon],
} as const satisfies Record<keyof Assets, readonly [string, string, string, string]>;

const pathOf = ([name, ending, , text]: readonly [string, string, string, string]): string =>
  `/assets/${name}.${createHash('sha256').update(text).digest('hex').slice(0, 12)}.${ending}`;

/** Their addresses, below the issuer's path. */
export function assetsBelow(prefix: string): Assets {
  return {
    stylesheet: prefix + pathOf(files.stylesheet),
    pageScript: prefix + pathOf(files.pageScript),
    passkeyScript: prefix + pathOf(files.passkeyScript),
    formPostScript: prefix + pathOf(files.formPostScript),
    signedOutScript: prefix + pathOf(files.signedOutScript),
    checkSessionScript: prefix + pathOf(files.checkSessionScript),
    icon: prefix + pathOf(files.icon),
  };
}

export function assetRoutes(): Route[] {
  return Object.values(files).map((file) => {
    const answer: Answer = {
      status: 200,
      headers: {
        'content-type': file[2],
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      },
      body: Buffer.from(file[3]),
    };
    return { method: 'GET', path: pathOf(file), endpoint: () => answer, renderRefusal: plainError };
  });
}
