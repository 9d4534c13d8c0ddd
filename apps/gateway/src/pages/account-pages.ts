import type { OwnSession } from '@authority/contracts/session';
import type { Application } from '@authority/contracts/token';
import type { SessionNotice } from '../interactions/outcome.ts';
import { agoText } from './ago.ts';
import { browserText } from './browser-text.ts';
import { type Html, html, type HtmlValue } from './html.ts';
import { clientName, link, ownForm, page, type PageContext, submitButton } from './layout.ts';

const places = [
  ['/account', 'account.nav.account'],
  ['/account/sessions', 'account.nav.sessions'],
  ['/account/applications', 'account.nav.applications'],
] as const;

/** The ways through the account. */
export function accountNav(context: PageContext, current: (typeof places)[number][0]): Html {
  const { texts } = context;
  const items = places.map(
    ([path, id]) =>
      html`<li>${path === current ? html`<a href="${context.prefix}${path}" aria-current="page">${texts.say(id)}</a>` : link(context, path, texts.say(id))}</li>`,
  );
  return html`<nav class="tabs" aria-label="${texts.say('settings.title')}"><ul>${items}</ul></nav>`;
}

/** Where one is signed in. */
export function sessionsPage(context: PageContext, sessions: readonly OwnSession[], notice?: SessionNotice): string {
  const { texts, now } = context;
  const others = sessions.filter(({ is_current }) => !is_current);
  const rows = sessions.map((one) => {
    const what = browserText(texts, one.user_agent);
    const end = ownForm(
      context,
      '/account/sessions',
      { sid: one.sid },
      submitButton(texts, 'sessions.end', { look: 'secondary', label: texts.say('sessions.end_named', { name: what }) }),
    );
    return html`<li><div><strong><bdi>${what}</bdi></strong>
<p class="quiet">${texts.show('sessions.from', { address: one.peer_address, when: agoText(texts, now - one.create_time_ms) })} ${one.is_current ? texts.say('sessions.current') : texts.show('item.used', { when: agoText(texts, now - one.use_time_ms) })}</p></div>${!one.is_current && end}</li>`;
  });
  return accountPage(context, '/account/sessions', 'sessions', notice, [
    html`<ul class="items">${rows}</ul>`,
    others.length > 0 &&
      ownForm(context, '/account/sessions', { action: 'end_others' }, submitButton(texts, 'sessions.end_others', { look: 'secondary' })),
    others.length === 0 && html`<p class="quiet">${texts.say('sessions.none')}</p>`,
  ]);
}

/** Who has access, to what, since when. */
export function applicationsPage(context: PageContext, applications: readonly Application[], notice?: 'revoked'): string {
  const { texts, now } = context;
  const rows = applications.map(({ client, scopes, create_time_ms, is_offline, grants }) => {
    const name = clientName(texts, client);
    const can = scopes.map((scope) => {
      const known = texts.find('scope', scope.name);
      return html`<li>${scope.description !== '' ? html`<bdi>${scope.description}</bdi>` : known ? texts.say(known) : html`<bdi>${scope.name}</bdi>`}</li>`;
    });
    const how = grants === 0 ? 'applications.remembered' : is_offline ? 'applications.offline' : 'applications.session';
    const revoke = ownForm(
      context,
      '/account/applications',
      { client_id: client?.client_id ?? '' },
      submitButton(texts, 'applications.revoke', { look: 'secondary', label: texts.say('applications.revoke_named', { name }) }),
    );
    return html`<li><div><strong><bdi>${name}</bdi></strong>${can.length > 0 && html`<ul class="can">${can}</ul>`}
<p class="quiet">${texts.show('applications.since', { when: agoText(texts, now - create_time_ms) })} ${texts.say(how)}</p></div>${revoke}</li>`;
  });
  const list = rows.length > 0 ? html`<ul class="items">${rows}</ul>` : html`<p class="quiet">${texts.say('applications.none')}</p>`;
  return accountPage(context, '/account/applications', 'applications', notice, list);
}

function accountPage(
  context: PageContext,
  current: (typeof places)[number][0],
  name: 'sessions' | 'applications',
  notice: SessionNotice | 'revoked' | undefined,
  content: HtmlValue,
): string {
  const { texts } = context;
  const said = notice && texts.find(name, `notice.${notice}`);
  return page(context, {
    title: texts.say(`${name}.title`),
    wide: true,
    content: html`${accountNav(context, current)}
<h1>${texts.say(`${name}.title`)}</h1>
<p class="lead">${texts.say(`${name}.text`)}</p>
${said && html`<p class="notice" role="status">${texts.say(said)}</p>`}
${content}`,
  });
}
