import type { Parameter } from '@authority/contracts/rpc';
import type { ClientSummary, InteractionDetails } from '@authority/contracts/token';
import { html } from './html.ts';
import { button, clientName, link, ownForm, page, type PageContext } from './layout.ts';

const person = html`<svg viewBox="0 0 40 40" fill="none" stroke="currentColor" stroke-width="1.75" aria-hidden="true"><circle cx="20" cy="20" r="18"/><circle cx="20" cy="16" r="6"/><path d="M8.5 33c2-5.500 6.500-8 11.500-8s9.500 2.500 11.500 8" stroke-linecap="round"/></svg>`;

/** prompt=select_account: go on, or be somebody else. */
export function selectAccountPage(context: PageContext, interaction: string, details: InteractionDetails): string {
  const { texts } = context;
  const { signed_in_as: name } = details;
  return page(context, {
    title: texts.say('select.title'),
    content: html`<h1>${texts.say('select.title')}</h1>
<p class="lead">${texts.show('select.to', { client: clientName(texts, details.client) })}</p>
<div class="person">${person}<p>${name === '' ? texts.say('select.current_unnamed') : texts.show('select.current', { name })}</p></div>
${ownForm(context, '/select-account', { interaction }, button(context, 'continue'))}
<p class="alone">${link(context, '/login', texts.say('select.other'), { interaction, switch: '1' })}</p>`,
  });
}

/** Asks before a sign-out that nobody proved to be meant (OpenID Connect RP-Initiated Logout §2). */
export function signOutPage(context: PageContext, parameters: readonly Parameter[], client: ClientSummary | undefined): string {
  const { texts, host } = context;
  const asked = client !== undefined && client.client_id !== '';
  const carried = Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
  return page(context, {
    title: texts.say('sign_out.title'),
    content: html`<h1>${texts.say('sign_out.title')}</h1>
<p class="lead">${asked && html`${texts.show('sign_out.client', { client: clientName(texts, client) })} `}${texts.show('sign_out.text', { host })}</p>
${ownForm(context, '/logout', carried, button(context, 'sign_out'))}
<p class="alone">${link(context, '/account', texts.say('sign_out.stay'))}</p>`,
  });
}

export function signedOutPage(context: PageContext): string {
  const { texts } = context;
  return page(context, {
    title: texts.say('signed_out.title'),
    content: html`<h1>${texts.say('signed_out.title')}</h1>
<p class="lead">${texts.say('signed_out.text')}</p>
<p class="alone">${link(context, '/login', texts.say('signed_out.again'))}</p>`,
  });
}

/** The sign-in went well, but what it was for has expired. */
export function signedInOnlyPage(context: PageContext): string {
  const { texts } = context;
  return page(context, {
    title: texts.say('signed_in_only.title'),
    content: html`<h1>${texts.say('signed_in_only.title')}</h1>
<p class="lead">${texts.say('signed_in_only.text')}</p>
<p class="alone">${link(context, '/account', texts.say('signed_in_only.account'))}</p>`,
  });
}

export function accountPage(context: PageContext): string {
  const { texts, host } = context;
  return page(context, {
    title: texts.say('account.title'),
    content: html`<h1>${texts.say('account.title')}</h1>
<p class="lead">${texts.show('account.text', { host })}</p>
${ownForm(context, '/logout', {}, button(context, 'sign_out', { look: 'secondary' }))}`,
  });
}
