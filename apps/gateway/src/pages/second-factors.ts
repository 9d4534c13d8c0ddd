import type { Form } from '@authority/contracts/identity';
import { encode } from 'uqr';
import { type Html, html, type HtmlValue } from './html.ts';
import type { Texts } from './messages.ts';

/** What a form of a second factor shows before its fields: a key to take over, or new recovery codes. */
export function secondFactorDetails(texts: Texts, { method, options }: Form): HtmlValue {
  if (method === 'totp') return keyOf(texts, readOptions(options));
  return method === 'recovery_code' && newCodes(texts, readOptions(options));
}

/** As a picture and as text: a phone has no camera for its own screen, and not everybody sees pictures. */
function keyOf(texts: Texts, { secret, uri }: Readonly<Record<string, unknown>>): HtmlValue {
  if (typeof secret !== 'string' || typeof uri !== 'string') return undefined;
  return html`<ol class="steps">
<li>${texts.say('totp.step.app')}</li>
<li>${texts.say('totp.step.scan')}
<figure class="qr">${qrCode(uri, texts.say('totp.qr'))}</figure>
<p class="hint">${texts.say('totp.step.type')}</p>
<p class="secret"><code dir="ltr">${secret}</code></p></li>
<li>${texts.say('totp.step.code')}</li>
</ol>`;
}

const longestUri = 512;

/** Drawn here, in the page: no picture is fetched, and none is kept by a cache. Always dark on light, as scanners want it. */
function qrCode(uri: string, label: string): Html {
  const { data, size } = encode(uri.slice(0, longestUri), { ecc: 'M', border: 4 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}

/** They are shown once: to be printed, copied, or saved as a file, which needs no script. */
function newCodes(texts: Texts, { codes }: Readonly<Record<string, unknown>>): HtmlValue {
  if (!Array.isArray(codes)) return undefined;
  const shown = codes.filter((one) => typeof one === 'string');
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${shown.join('\r\n')}\r\n`)}`;
  return html`<ul class="codes" dir="ltr" data-copy="${texts.say('recovery_codes.copy')}" data-copied="${texts.say('recovery_codes.copied')}" data-print="${texts.say('recovery_codes.print')}">${shown.map((code) => html`<li><code>${code}</code></li>`)}</ul>
<p class="alone"><a href="${file}" download="recovery-codes.txt">${texts.say('recovery_codes.download')}</a></p>`;
}

function readOptions(options: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(options);
    return typeof read === 'object' && read !== null ? { ...read } : {};
  } catch {
    return {};
  }
}
