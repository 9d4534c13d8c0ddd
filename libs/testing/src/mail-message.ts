/** A message taken apart (RFC 5322, RFC 2045-2047), as far as ours need it. */
export interface MailMessage {
  /** By their lower-case name, decoded; what comes twice is joined by a line break. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
}

export function readMessage(source: string): MailMessage {
  const { headers, body } = entity(source);
  const boundary = /boundary="?([^";]+)"?/.exec(headers.get('content-type') ?? '')?.[1];
  const parts = boundary === undefined ? [{ headers, body }] : body.split(`--${boundary}`).slice(1, -1).map(entity);
  const find = (type: string): string => {
    const part = parts.find(({ headers }) => headers.get('content-type')?.startsWith(type));
    return part ? decoded(part.body, part.headers.get('content-transfer-encoding')) : '';
  };
  return { headers, text: find('text/plain'), html: find('text/html') };
}

interface Entity {
  readonly headers: Map<string, string>;
  readonly body: string;
}

function entity(source: string): Entity {
  const [, head = '', body = ''] = /^(?:\r\n)?([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(source) ?? [];
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    const before = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), before === undefined ? words(value) : `${before}\n${words(value)}`);
  }
  return { headers, body };
}

/** Encoded words (RFC 2047); white space between two of them does not count. */
function words(value: string): string {
  return value.replace(/(\?=)\s+(=\?)/g, '$1$2').replace(/(?:=\?utf-8\?[QB]\?[^?]*\?=)+/gi, (run) => {
    const pieces = [...run.matchAll(/=\?utf-8\?([QB])\?([^?]*)\?=/gi)].map(([, form = '', text = '']) =>
      form.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : quoted(text.replaceAll('_', ' ')),
    );
    return Buffer.concat(pieces).toString();
  });
}

function decoded(body: string, encoding = '7bit'): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding === 'quoted-printable') return quoted(body.replace(/=\r\n/g, '')).toString();
  return body;
}

const quoted = (text: string): Buffer =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
