import { type DeviceVerification, DeviceVerificationState } from '@authority/contracts/token';
import { agoText } from './ago.ts';
import { resources, scopeRow } from './consent-page.ts';
import { type Html, html, type HtmlValue } from './html.ts';
import { button, clientName, link, ownForm, page, type PageContext } from './layout.ts';
import type { MessageId } from './messages.ts';

/** What a device may say of itself on a page. */
const longestAgent = 120;

/** Connect a device (RFC 8628 §3.3): the code, the request, and what came of it. */
export function devicePage(context: PageContext, verification: DeviceVerification, missing: boolean): string {
  switch (verification.state) {
    case DeviceVerificationState.CONFIRM:
      return confirmPage(context, verification);
    case DeviceVerificationState.ALLOWED:
      return donePage(context, verification, 'allowed');
    case DeviceVerificationState.DENIED:
      return donePage(context, verification, 'denied');
    case DeviceVerificationState.EXPIRED:
      return donePage(context, verification, 'expired');
    case DeviceVerificationState.DECIDED_BEFORE:
      return donePage(context, verification, 'decided_before');
    default:
      return codePage(context, verification, missing);
  }
}

function codePage(context: PageContext, verification: DeviceVerification, missing: boolean): string {
  const { texts } = context;
  const { interaction, user_code, state } = verification;
  const fault: MessageId | undefined =
    state === DeviceVerificationState.UNKNOWN ? 'device.unknown' : missing ? 'message.required' : undefined;
  const title = texts.say('device.title');
  const prefilled = user_code !== '' && fault === undefined;
  return page(context, {
    title: fault === undefined ? title : texts.say('summary.page', { title }),
    content: html`<h1>${title}</h1>
<p class="lead">${texts.say('device.lead')}</p>
<p class="lead">${signedInAs(context, verification)}</p>
${
  fault !== undefined &&
  html`<div class="summary" role="alert" tabindex="-1" aria-labelledby="summary-title">
<h2 id="summary-title">${texts.say('summary.title')}</h2>
<ul><li><a href="#user_code">${texts.show('summary.line', { field: texts.say('field.code'), problem: texts.say(fault) })}</a></li></ul>
</div>`
}
${prefilled && html`<p class="notice" role="status">${texts.say('device.prefilled')}</p>`}
${ownForm(context, '/device', { interaction }, [codeField(context, user_code, fault), button(context, 'continue')])}`,
  });
}

function codeField({ texts }: PageContext, user_code: string, fault: MessageId | undefined): Html {
  const describedBy = fault === undefined ? 'user_code-hint' : 'user_code-hint user_code-error';
  return html`<div class="field code">
<label for="user_code">${texts.say('field.code')}</label>
<p class="hint" id="user_code-hint">${texts.say('device.hint')}</p>
${fault !== undefined && html`<div id="user_code-error"><p class="error"><span>${texts.say(fault)}</span></p></div>`}
<div class="row"><input id="user_code" name="user_code" type="text" dir="ltr" autocomplete="off" autocapitalize="characters" spellcheck="false" required aria-required="true" aria-describedby="${describedBy}"${[
    fault !== undefined && html` aria-invalid="true"`,
    user_code !== '' && html` value="${user_code}"`,
    html` autofocus`,
  ]}></div>
</div>`;
}

/** Asks again, with what a person needs to see that it is not their device (RFC 8628 §5.4). */
function confirmPage(context: PageContext, verification: DeviceVerification): string {
  const { texts, host } = context;
  const { interaction, scopes } = verification;
  const client = clientName(texts, verification.client);
  return page(context, {
    title: texts.say('device.confirm.title', { client }),
    content: html`<h1>${texts.show('device.confirm.title', { client })}</h1>
<p class="lead">${signedInAs(context, verification)}</p>
<p class="notice">${texts.say('device.confirm.warning')}</p>
${request(context, verification)}
${
  scopes.length > 0 &&
  html`<p class="ask">${texts.show('consent.list', { client })}</p>
<ul class="scopes">${scopes.map((scope) => scopeRow(texts, scope))}</ul>`
}
${resources(texts, verification)}
<p class="quiet term">${texts.show('consent.until.offline', { client })} ${texts.show('consent.revoke', { client, host })}</p>
${ownForm(
  context,
  '/device',
  { interaction },
  html`<div class="buttons">
${button(context, 'allow', { name: 'decision', value: 'allow' })}
${button(context, 'deny', { look: 'secondary', name: 'decision', value: 'deny' })}
</div>`,
)}`,
  });
}

function request(context: PageContext, { user_code, origin }: DeviceVerification): Html {
  const { texts, now } = context;
  const { peer_address = '', user_agent = '', requested_at_ms = now, same_address = false } = origin ?? {};
  const compared: MessageId = same_address ? 'device.confirm.address_same' : 'device.confirm.address_other';
  const agent = user_agent.length > longestAgent ? `${user_agent.slice(0, longestAgent)}…` : user_agent;
  return html`<dl class="facts" aria-label="${texts.say('device.confirm.request')}">
<div><dt>${texts.say('device.confirm.code')}</dt><dd><code>${user_code}</code></dd></div>
<div><dt>${texts.say('device.confirm.agent')}</dt><dd><bdi>${agent || texts.say('device.confirm.agent_none')}</bdi></dd></div>
<div><dt>${texts.say('device.confirm.address')}</dt><dd><bdi>${peer_address || texts.say('device.confirm.address_none')}</bdi><span class="quiet">${texts.say(compared)}</span></dd></div>
<div><dt>${texts.say('device.confirm.when')}</dt><dd>${agoText(texts, now - requested_at_ms)}</dd></div>
</dl>`;
}

type Done = 'allowed' | 'denied' | 'expired' | 'decided_before';

function donePage(context: PageContext, verification: DeviceVerification, done: Done): string {
  const { texts } = context;
  const again = done === 'expired' || done === 'decided_before';
  return page(context, {
    title: texts.say(`device.${done}.title`),
    content: html`<h1>${texts.say(`device.${done}.title`)}</h1>
<p class="lead">${texts.show(`device.${done}.text`, { client: clientName(texts, verification.client) })}</p>
${again && html`<p class="alone">${link(context, '/device', texts.say('device.again'))}</p>`}`,
  });
}

function signedInAs(context: PageContext, { interaction, signed_in_as: name }: DeviceVerification): HtmlValue {
  const { texts } = context;
  const as = name !== '' && html`${texts.show('consent.as', { name })} `;
  return html`${as}${link(context, '/login', texts.say('consent.switch'), { interaction, switch: '1' })}`;
}
