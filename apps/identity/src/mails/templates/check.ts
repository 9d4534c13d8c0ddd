import type { FieldViolation } from '@authority/errors';
import mustache from 'mustache';
import { type MailKind, mailKinds } from '../kinds.ts';
import type { Template } from './built-in.ts';
import { viewNames } from './view.ts';

/** The longest that each part may be. */
const longest: Readonly<Record<keyof Template, number>> = { subject: 300, text: 65_536, html: 65_536 };
const deepest = 4;

/** Which values a template of this kind may name. */
export function valuesOf(kind: MailKind): string[] {
  const shown: readonly string[] = mailKinds[kind];
  const absent = [
    ...(shown.includes('code') ? [] : ['code']),
    ...(shown.includes('asked') ? [] : ['asked_at', 'asked_from', 'asked_with']),
    ...(shown.includes('expiresAt') ? [] : ['expires_at']),
    ...(shown.includes('organization') ? [] : ['organization', 'inviter']),
    ...(shown.includes('deletesAt') ? [] : ['deletes_at']),
  ];
  return viewNames.filter((name) => !absent.includes(name));
}

/** What is wrong with an operator's template; nothing when it can be put in place. */
export function templateFaults(kind: MailKind, template: Template): FieldViolation[] {
  const named = valuesOf(kind);
  return (['subject', 'text', 'html'] as const).flatMap((part) => {
    const why = faultOf(template[part], longest[part], named) ?? partFault(part, template[part], kind);
    return why === undefined ? [] : [{ field: `mail_template.${part}`, description: why }];
  });
}

function faultOf(text: string, most: number, named: readonly string[]): string | undefined {
  if (text.length > most) return `must be ${most} characters at most`;
  try {
    return tokensFault(mustache.parse(text), named, 0);
  } catch (error) {
    return `is no Mustache template: ${error instanceof Error ? error.message : String(error)}`;
  }
}

type Token = ReturnType<typeof mustache.parse>[number];

function tokensFault(tokens: readonly Token[], named: readonly string[], depth: number): string | undefined {
  if (depth > deepest) return `must nest sections ${deepest} deep at most`;
  for (const [type, name, , , inner] of tokens) {
    if (type === 'text' || type === '!') continue;
    if (type === '&') return `must name values by two braces: {{${name}}} is escaped, others are not`;
    if (!['name', '#', '^'].includes(type)) return 'must have no partials and no other delimiters';
    if (!named.includes(name)) return `names {{${name.slice(0, 40)}}}; there is ${named.join(', ')}`;
    const why = Array.isArray(inner) ? tokensFault(inner, named, depth + 1) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}

function partFault(part: keyof Template, text: string, kind: MailKind): string | undefined {
  if (part === 'subject') {
    if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return 'must be one line';
    return /\{\{\s*(?:code|link)\b/.test(text) ? 'must not show a code or link: subjects are read on locked screens' : undefined;
  }
  const shown: readonly string[] = mailKinds[kind];
  const way = shown.includes('link') ? /\{\{\s*(?:code|link)\s*\}\}/ : /\{\{\s*code\s*\}\}/;
  if ((shown.includes('code') || shown.includes('link')) && !way.test(text)) {
    return `must show {{code}}${shown.includes('link') ? ' or {{link}}' : ''}: the mail is of no use without`;
  }
  return part === 'html' ? htmlFault(text) : undefined;
}

/** Escaping makes a value harmless between tags. Within one only our own link may stand, in quotes. */
function htmlFault(html: string): string | undefined {
  if (/<script\b/i.test(html)) return 'must have no script';
  for (const { index } of html.matchAll(/\{\{[^}]*\}\}/g)) {
    const before = html.slice(0, index);
    const isInStyle = before.toLowerCase().lastIndexOf('<style') > before.toLowerCase().lastIndexOf('</style');
    const isInTag = before.lastIndexOf('<') > before.lastIndexOf('>');
    const isQuotedLink = /^\{\{\s*link\s*\}\}"/.test(html.slice(index)) && /\shref="$/i.test(before);
    if (isInStyle || (isInTag && !isQuotedLink))
      return 'may have values between tags, and {{link}} as a whole href="{{link}}"; nowhere else';
  }
  return undefined;
}
