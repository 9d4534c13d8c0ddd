import type { InteractionDetails, ScopeSummary } from '@authority/contracts/token';
import { html, type Html, type HtmlValue, webAddress } from './html.ts';
import { button, clientName, link, ownForm, page, type PageContext } from './layout.ts';
import type { Texts } from './messages.ts';

const check = html`<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m4.5 10.5 3.5 3.5 7.5-8"/></svg>`;

/** What is asked in plain words, for how long, and where it is taken back; Allow and Deny side by side in weight of words. */
export function consentPage(context: PageContext, interaction: string, details: InteractionDetails): string {
  const { texts, host } = context;
  const client = clientName(texts, details.client);
  const asks = (scope: string) => details.scopes.some(({ name }) => name === scope);
  // Only an OpenID grant without offline_access ends with its session (house.md).
  const outlivesSession = asks('offline_access') || !asks('openid');
  return page(context, {
    title: texts.say('consent.title', { client }),
    content: html`<h1>${texts.show('consent.title', { client })}</h1>
${signedInAs(context, interaction, details)}
<p class="ask">${texts.show('consent.list', { client })}</p>
<ul class="scopes">${details.scopes.map((scope) => scopeRow(texts, scope))}</ul>
${resources(texts, details)}
<p class="quiet term">${texts.show(outlivesSession ? 'consent.until.offline' : 'consent.until.session', { client })} ${texts.show('consent.revoke', { client, host })}</p>
${ownForm(
  context,
  '/consent',
  { interaction },
  html`<div class="buttons">
${button(context, 'allow', { name: 'decision', value: 'allow' })}
${button(context, 'deny', { look: 'secondary', name: 'decision', value: 'deny' })}
</div>`,
)}
<div class="aside">
${documents(texts, details)}
${details.redirect_origin !== '' && html`<p class="quiet">${texts.show('consent.redirect', { origin: details.redirect_origin })}</p>`}
</div>`,
  });
}

function signedInAs(context: PageContext, interaction: string, { signed_in_as: name }: InteractionDetails): Html {
  const { texts } = context;
  const as = name !== '' && html`${texts.show('consent.as', { name })} `;
  return html`<p class="lead">${as}${link(context, '/login', texts.say('consent.switch'), { interaction, switch: '1' })}</p>`;
}

/** What is asked, in words. */
export function scopeRow(texts: Texts, { name, description, granted_before }: ScopeSummary): Html {
  const id = texts.find('scope', name);
  const words = id === undefined ? html`<bdi>${description || name}</bdi>` : html`${texts.say(id)}`;
  return html`<li>${check}<span>${words}${granted_before && html`<span class="quiet">${texts.say('consent.known')}</span>`}</span></li>`;
}

export function resources(texts: Texts, { resources: places }: Pick<InteractionDetails, 'resources'>): HtmlValue {
  if (places.length === 0) return undefined;
  return html`<p class="quiet">${texts.say('consent.resources')}</p><ul class="places">${places.map((one) => html`<li><bdi>${one}</bdi></li>`)}</ul>`;
}

/** RFC 7591 §2: policy_uri and tos_uri, which "SHOULD" be shown. */
function documents(texts: Texts, { client }: InteractionDetails): HtmlValue {
  const policy = outside(client?.policy_uri, texts.say('consent.policy'));
  const terms = outside(client?.tos_uri, texts.say('consent.terms'));
  if (terms === undefined) return policy && html`<p class="quiet">${texts.show('consent.read_policy', { policy })}</p>`;
  if (policy === undefined) return html`<p class="quiet">${texts.show('consent.read_terms', { terms })}</p>`;
  return html`<p class="quiet">${texts.show('consent.read_both', { policy, terms })}</p>`;
}

function outside(uri: string | undefined, text: string): Html | undefined {
  const address = webAddress(uri ?? '');
  if (address === undefined) return undefined;
  return html`<a href="${address}" target="_blank" rel="noopener noreferrer">${text}</a>`;
}
