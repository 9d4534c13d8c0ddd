import { appendAudit } from '@authority/audit';
import { MailTemplate, type ListMailTemplatesRequest, type MailTemplateServiceService } from '@authority/contracts/admin';
import {
  applyMask,
  assertEtag,
  etagOf,
  exact,
  fieldInvalid,
  maskedPaths,
  matches,
  page,
  pageOf,
  parseFilter,
  refusal,
} from '@authority/listing';
import type { Database } from '@authority/postgres';
import type { Call, Handlers } from '@authority/rpc';
import { listReplaced, lockReplaced, type ReplacedTemplate, removeReplaced, storeReplaced } from '../../postgres/mail-templates.ts';
import { isMailKind, type MailKind, mailKinds } from '../kinds.ts';
import { builtInLanguages, canonicalLocale } from '../messages.ts';
import { builtInTemplate, type Template } from './built-in.ts';
import { templateFaults, valuesOf } from './check.ts';
import { render } from './render.ts';
import { sampleOf } from './sample.ts';
import { type Sender, viewOf } from './view.ts';

const parts = ['subject', 'text', 'html'] as const;
const order = {
  columns: [
    { column: 'kind', type: 'text' },
    { column: 'locale', type: 'text' },
  ],
} as const;

interface Place {
  readonly kind: MailKind;
  readonly locale: string;
}

/** MailTemplateService: what operators read, try and put in the place of built-in templates. */
export function mailTemplateHandlers(database: Database, sender: () => Sender): Handlers<typeof MailTemplateServiceService> {
  const find = async ({ kind, locale }: Place): Promise<MailTemplate> => {
    const replaced = await listReplaced(database);
    return resource(
      { kind, locale },
      replaced.find((one) => one.kind === kind && one.locale === locale),
    );
  };
  const change = async (place: Place, etag: string, act: Act): Promise<MailTemplate> =>
    database.transaction(async (tx) => {
      const row = await lockReplaced(tx, place.kind, place.locale);
      assertEtag(etag, resource(place, row).etag);
      const next = act.next(row ?? { ...nothing });
      const isReplaced = parts.some((part) => next[part] !== '');
      if (isReplaced) await storeReplaced(tx, place.kind, place.locale, next);
      else await removeReplaced(tx, place.kind, place.locale);
      const target = `mail_template:${place.kind}/${place.locale}`;
      await appendAudit(tx, { action: act.action, actor: act.actor, target, details: { fields: act.fields } });
      return resource(place, isReplaced ? await lockReplaced(tx, place.kind, place.locale) : undefined);
    });

  return {
    listMailTemplates: async (request) => listed(request, await listReplaced(database)),
    getMailTemplate: async (request) => ({ mail_template: await find(readPlace(request)) }),
    updateMailTemplate: async ({ mail_template, update_mask }, call) => {
      const given = mail_template ?? MailTemplate.create();
      const place = readPlace(given, 'mail_template.');
      const fields = maskedPaths(update_mask, parts);
      const next = (row: Template): Template => checked(place, applyMask(partsOf(row), partsOf(given), update_mask, parts));
      return { mail_template: await change(place, given.etag, { action: 'mail_template.update', actor: actorOf(call), fields, next }) };
    },
    deleteMailTemplate: async ({ etag, ...request }, call) => {
      const act = { action: 'mail_template.delete', actor: actorOf(call), fields: parts, next: () => nothing } as const;
      await change(readPlace(request), etag, act);
      return {};
    },
    previewMailTemplate: async ({ mail_template }) => {
      const given = mail_template ?? MailTemplate.create();
      const place = readPlace(given, 'mail_template.');
      const inPlace = await find(place);
      const tried = { subject: given.subject || inPlace.subject, text: given.text || inPlace.text, html: given.html || inPlace.html };
      return render(checked(place, tried), viewOf(sampleOf(place.kind), place.locale, sender()));
    },
  };
}

interface Act {
  readonly action: string;
  readonly actor: string;
  readonly fields: readonly string[];
  /** The row after it; all parts empty: the built-in template. */
  readonly next: (row: Template) => Template;
}

const nothing: Template = { subject: '', text: '', html: '' };
const partsOf = ({ subject, text, html }: Template): Template => ({ subject, text, html });
const actorOf = (call: Call): string => (call.operator ? `operator:${call.operator}` : 'system');

function readPlace({ kind, locale }: { kind: string; locale: string }, path = ''): Place {
  if (!isMailKind(kind)) throw fieldInvalid(`${path}kind`, `must be one of ${Object.keys(mailKinds).join(', ')}`);
  const canonical = canonicalLocale(locale);
  if (canonical === undefined) throw fieldInvalid(`${path}locale`, 'must be a language, such as en or pt-BR');
  return { kind, locale: canonical };
}

/** The template that would be in place is judged: a part that is empty is the built-in one. */
function checked({ kind, locale }: Place, replaced: Template): Template {
  const faults = templateFaults(kind, inPlaceOf(kind, locale, replaced));
  if (faults.length > 0) throw refusal('field_invalid', faults);
  return replaced;
}

function inPlaceOf(kind: MailKind, locale: string, replaced: Template): Template {
  const builtIn = builtInTemplate(kind, locale);
  return { subject: replaced.subject || builtIn.subject, text: replaced.text || builtIn.text, html: replaced.html || builtIn.html };
}

function resource({ kind, locale }: Place, row: ReplacedTemplate | undefined): MailTemplate {
  const shown = inPlaceOf(kind, locale, row ?? nothing);
  const replaced = row ? parts.filter((part) => row[part] !== '') : [];
  const update_time_ms = row?.updatedAt.getTime() ?? 0;
  const etag = etagOf({ kind, locale, ...shown, version: row?.version ?? 0 });
  return { kind, locale, ...shown, replaced, values: valuesOf(kind), update_time_ms, etag };
}

/** Each kind in each built-in language, and whatever else was replaced. */
function listed(request: ListMailTemplatesRequest, replaced: readonly ReplacedTemplate[]) {
  const terms = parseFilter(request.filter, { kind: exact(), locale: exact() });
  const one = page(request, { list: 'mail_templates', order });
  const builtIn = Object.keys(mailKinds)
    .filter(isMailKind)
    .flatMap((kind) => builtInLanguages.map((locale) => ({ kind, locale })))
    .filter(({ kind, locale }) => !replaced.some((row) => row.kind === kind && row.locale === locale))
    .map((place) => resource(place, undefined));
  const all = [...builtIn, ...replaced.map((row) => resource(row, row))];
  const wanted = all.filter((row) => matches(terms, row, { kind: ({ kind }) => kind, locale: ({ locale }) => locale }));
  const cut = pageOf(wanted, one, ({ kind, locale }) => [kind, locale]);
  return { mail_templates: cut.rows, next_page_token: cut.next_page_token };
}
