import { type MailKind, mailKinds, standingLinks } from '../kinds.ts';
import { directionOf, mailTexts } from '../messages.ts';

/** Three Mustache templates. HTML escapes each value by itself. */
export interface Template {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Text and HTML of a kind in a language, from the same texts. */
export function builtInTemplate(kind: MailKind, locale: string): Template {
  const found = mailTexts(kind, locale);
  const parts = partsOf(kind, found);
  return { subject: parts.subject, text: textOf(parts), html: htmlOf(parts, found.lang) };
}

/** What a mail of this kind is made of, in its order; what it has not is left out. */
interface Parts {
  readonly subject: string;
  readonly heading: string;
  readonly lines: readonly string[];
  readonly code?: string;
  readonly action?: string;
  readonly copy?: string;
  readonly asked?: string;
  readonly otherwise: string;
  readonly footer: string;
  readonly footerReply: string;
}

function partsOf(kind: MailKind, { texts, layout }: ReturnType<typeof mailTexts>): Parts {
  const shown: readonly string[] = mailKinds[kind];
  const { subject, heading, lines, otherwise, action } = texts;
  const isLinked = shown.includes('link') || standingLinks[kind] !== undefined;
  return {
    ...{ subject, heading, lines, otherwise },
    ...(shown.includes('code') && { code: layout.code }),
    ...(isLinked && action !== undefined && { action, copy: layout.copy }),
    ...(shown.includes('asked') && { asked: layout.asked }),
    footer: layout.footer,
    footerReply: layout.footer_reply,
  };
}

function textOf({ heading, lines, code, action, asked, otherwise, footer, footerReply }: Parts): string {
  const blocks = [
    heading,
    ...lines,
    ...(code === undefined ? [] : [`${code}\n\n    {{code}}`]),
    ...(action === undefined ? [] : [`${action}:\n{{link}}`]),
    otherwise,
    ...(asked === undefined ? [] : [asked]),
    `-- \n{{^reply_to}}${footer}{{/reply_to}}{{#reply_to}}${footerReply}{{/reply_to}}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** Of the root element mail programs keep little: language and direction stand on the parts too. */
function htmlOf({ subject, heading, lines, code, action, copy, asked, otherwise, footer, footerReply }: Parts, lang: string): string {
  const rows = [
    `<h1>${markup(heading)}</h1>`,
    ...lines.map((line) => `<p>${markup(line)}</p>`),
    ...(code === undefined ? [] : [`<p class="quiet">${markup(code)}</p>`, '<p class="code"><bdi dir="ltr">{{code}}</bdi></p>']),
    ...(action === undefined ? [] : [`<p><a class="button" href="{{link}}">${markup(action)}</a></p>`]),
    `<p>${markup(otherwise)}</p>`,
    ...(asked === undefined ? [] : [`<p class="quiet">${markup(asked)}</p>`]),
    ...(copy === undefined ? [] : [`<p class="quiet">${markup(copy)}<br><bdi class="address" dir="ltr">{{link}}</bdi></p>`]),
  ];
  const dir = directionOf(lang);
  const end = `{{^reply_to}}${markup(footer)}{{/reply_to}}{{#reply_to}}${markup(footerReply)}{{/reply_to}}`;
  return `<!doctype html>
<html lang="${lang}" dir="${dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(subject)}</title>
<style>${style}</style>
</head>
<body>
<div class="card" lang="${lang}" dir="${dir}">
${rows.join('\n')}
</div>
<p class="footer" lang="${lang}" dir="${dir}">${end}</p>
</body>
</html>
`;
}

/** The text around the values is escaped here, the values when they are filled in; and each is set apart for its direction. */
const markup = (text: string): string =>
  text
    .split(/(\{\{[^}]*\}\})/)
    .map((piece) => (piece.startsWith('{{') ? (/^\{\{[#^/]/.test(piece) ? piece : `<bdi>${piece}</bdi>`) : escaped(piece)))
    .join('');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The pages' own colours (apps/gateway, the style sheet). Mail programs know no custom properties; nothing is fetched. */
const style = `
body { margin: 0; padding: 24px 16px; background: #f4f5f7; color: #16191f; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; overflow-wrap: anywhere; }
.card { max-width: 400px; margin: 0 auto; padding: 24px; background: #ffffff; border: 1px solid #d9dde3; border-radius: 8px; }
h1 { margin: 0 0 16px; font-size: 20px; line-height: 1.3; }
p { margin: 0 0 16px; }
.card p:last-child { margin-bottom: 0; }
.quiet, .footer { color: #565f6e; font-size: 14px; }
.code { font: 600 25px/1.3 ui-monospace, "SF Mono", Menlo, Consolas, monospace; letter-spacing: 2px; }
.button { display: inline-block; padding: 12px 20px; border-radius: 8px; background: #3346c4; color: #ffffff; font-weight: 600; text-decoration: none; }
.address { font-size: 13px; }
.footer { max-width: 400px; margin: 16px auto 0; padding: 0 24px; }
@media (prefers-color-scheme: dark) {
  body { background: #0e1014; color: #eceef2; }
  .card { background: #171a20; border-color: #2b303a; }
  .quiet, .footer { color: #a4adbb; }
  .button { background: #a3b0ff; color: #10142e; }
}
`;
