/**
 * What keeps secrets out of logs and spans: names that sound like one lose their value, and values that look like one
 * lose it under any name. It errs on the side of hiding; `publicNames` lists the names that sound secret and are not.
 */
const redacted = '[redacted]';
const longestText = 1024;
const deepest = 4;
const mostEntries = 40;

const secretName =
  /secret|token|passw|passphrase|assertion|cookie|authori[sz]ation|credential|verifier|private|(?:^|_|-|\.)(?:code|codes|otp|pin|jwt|jws|jwe|proof|dpop|handle|pem|bearer|signature|seed|nonce|completion|ticket)$|api_?key|(?:^|_)(?:user|device|recovery|verification|one_?time)_?code|session_?id|(?:^|_)sid$/i;

const publicNames = new Set([
  'code.name', // OpenTelemetry's word for a place in the source
  'grpc_code',
  'status_code',
  'http.response.status_code',
  'http_status_code',
  'error_code',
  'exit_code',
  'token_type',
  'token_type_hint',
  'token_format',
  'token_endpoint_auth_method',
  'rpc.service', // authority.token.v1.TokenService
]);

const known = new Map<string, boolean>();

/** `accessToken`, `access_token`, `x-access-token`: one answer; remembered, since names are few. */
export function isSecretName(name: string): boolean {
  const found = known.get(name);
  if (found !== undefined) return found;
  const snake = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
  const answer = !publicNames.has(snake) && secretName.test(snake);
  if (known.size < 2_000) known.set(name, answer);
  return answer;
}

/** One look at each text; only a text that has one of these marks is searched further. */
const suspicious = /eyJ|:\/\/[^/\s]*@|bearer|basic |dpop |=|"|-----BEGIN|[A-Za-z0-9_-]{40}/i;

const shapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*-----[\s\S]*?(?:-----END [A-Z ]*-----|$)/g, redacted],
  // JOSE compact forms (RFC 7515 §7.1, RFC 7516 §7.1), whole or cut off.
  [/eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g, redacted],
  [/\b(bearer|basic|dpop)\s+[A-Za-z0-9\-._~+/]{6,}=*/gi, `$1 ${redacted}`],
  [/(:\/\/)[^/\s@]*@/g, `$1${redacted}@`],
  // `code=…` of a form or a query, `"code":"…"` of JSON.
  [
    /\b([a-z_]*(?:secret|token|passw[a-z]*|assertion|code|verifier|cookie|state|nonce|proof|handle|login_hint))=[^&\s"']+/gi,
    `$1=${redacted}`,
  ],
  [
    /"([a-z_]*(?:secret|token|passw[a-z]*|assertion|code|verifier|cookie|state|nonce|proof|handle))"\s*:\s*"[^"]*"?/gi,
    `"$1":"${redacted}"`,
  ],
  // A long run without a break is a key, a handle or a MAC, not a word. Hex of trace ids (32) stays.
  [/(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{40,}(?![A-Za-z0-9_-])/g, redacted],
];

export function redactText(text: string): string {
  // Cut first, so that nobody can make the search long; the tail is dropped anyway.
  let shown = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  if (!suspicious.test(shown)) return shown;
  for (const [shape, instead] of shapes) shown = shown.replace(shape, instead);
  return shown;
}

/** A value as it may be shown: bounded in length, depth and width; bytes are counted and not shown. */
export function redactValue(name: string, value: unknown, depth = 0): unknown {
  if (value === undefined || value === null) return value;
  const type = typeof value;
  // Numbers and booleans under a secret name are hidden too: a one-time code may be a number.
  if (type === 'boolean') return value;
  if (isSecretName(name)) return redacted;
  if (type === 'string') return redactText(value as string);
  if (type === 'number') return Number.isFinite(value) ? value : String(value);
  if (type === 'bigint') return String(value);
  if (type !== 'object') return `[${type}]`;
  return redactObject(name, value as object, depth);
}

function redactObject(name: string, value: object, depth: number): unknown {
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return redactText(value.href);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= deepest) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, mostEntries).map((item) => redactValue(name, item, depth + 1));

  const shown: Record<string, unknown> = {};
  for (const [key, item] of entriesOf(value)) shown[redactText(key)] = redactValue(key, item, depth + 1);
  return shown;
}

function entriesOf(value: object): [string, unknown][] {
  if (value instanceof Map) return [...value].slice(0, mostEntries).map(([key, item]) => [String(key), item]);
  if (value instanceof Set) return [['values', [...value].slice(0, mostEntries)]];
  return Object.entries(value).slice(0, mostEntries);
}

export interface ShownError {
  type: string;
  message: string;
  code?: string;
  reason?: string;
  stack?: string;
  cause?: unknown;
}

/** An error with its causes. Only these properties: others (a driver's `detail`, a request) may hold what users typed. */
export function describeError(error: Error, depth = 0): ShownError {
  const shown: ShownError = { type: error.name, message: redactText(error.message) };
  if ('code' in error && typeof error.code === 'string') shown.code = redactText(error.code);
  if ('reason' in error && typeof error.reason === 'string') shown.reason = redactText(error.reason);
  if (depth === 0 && error.stack !== undefined) shown.stack = framesOf(error.stack);
  if (error.cause !== undefined) shown.cause = depth >= deepest ? '[deeper]' : causeOf(error.cause, depth + 1);
  return shown;
}

function causeOf(cause: unknown, depth: number): unknown {
  return cause instanceof Error ? describeError(cause, depth) : redactValue('cause', cause, depth);
}

/** The frames alone: the first lines repeat the message. */
function framesOf(stack: string): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames
    .slice(0, 8)
    .map((line) => line.trim())
    .join('\n');
}
