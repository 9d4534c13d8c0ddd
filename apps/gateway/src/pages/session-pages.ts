import type { Parameter } from '@authority/contracts/rpc';
import type { ClientSummary, InteractionDetails } from '@authority/contracts/token';
import { redirectTo } from '../http/client-redirect.ts';
import type { SignedOutScreen } from '../interactions/outcome.ts';
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

/**
 * The end, with the pages of clients in frames (OpenID Connect Front-Channel Logout 1.0 §4). They may run scripts and reach
 * what is theirs, and do nothing to this page. Where the client asked for it the browser goes on: by the script as soon
 * as the frames are loaded, without scripts after a few seconds, at once by the link.
 */
export function signedOutPage(context: PageContext, { frames, next }: SignedOutScreen): string {
  const { texts, assets } = context;
  const title = texts.say('signed_out.title');
  const framed = frames.map(
    (uri) => html`
<iframe src="${uri}" sandbox="allow-scripts allow-same-origin" title="" aria-hidden="true" hidden></iframe>`,
  );
  if (next === undefined) {
    return page(context, {
      title,
      content: html`<h1>${title}</h1>
<p class="lead">${texts.say('signed_out.text')}</p>
<p class="alone">${link(context, '/login', texts.say('signed_out.again'))}</p>${framed}`,
    });
  }
  const target = redirectTo(next.uri, 'query', next.parameters);
  return page(context, {
    title,
    script: assets.signedOutScript,
    head: html`
<meta http-equiv="refresh" content="5; url=${target}">`,
    content: html`<h1>${title}</h1>
<p class="lead">${texts.say('signed_out.leaving')}</p>
<p class="alone"><a href="${target}" data-continue>${texts.say('signed_out.continue')}</a></p>${framed}`,
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
