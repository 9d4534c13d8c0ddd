import type { ClientResponse } from '@authority/contracts/token';
import type { Reason } from '@authority/errors';
import type { EdgeRequest } from '../http/request.ts';
import { type Answer, noStore, seeOther } from '../http/answer.ts';
import { formOf } from '../http/body.ts';
import { assertPostable, redirectTo } from '../http/client-redirect.ts';
import type { Issuer } from '../http/issuer.ts';
import type { RenderRefusal } from '../http/oauth-error.ts';
import type { Refusal } from '../http/refusal.ts';
import { type FormTarget, securityHeaders } from '../http/security-headers.ts';
import { type Assets, assetsBelow } from '../pages/assets.ts';
import { formPostPage } from '../pages/form-post-page.ts';
import type { PageContext } from '../pages/layout.ts';
import { chooseLanguage } from '../pages/choose-language.ts';
import { textsOf } from '../pages/messages.ts';
import { type Problem, problemPage } from '../pages/problem-page.ts';
import { renderScreen } from '../pages/screens.ts';
import type { Face } from './face.ts';
import type { Outcome, Screen } from './outcome.ts';
import { type Step, type Values, withQuery } from './step.ts';
import type { Visit } from './visit.ts';

/** Steps as pages for people. */
export class PageFace implements Face {
  readonly #assets: Assets;

  constructor(
    private readonly issuer: Issuer,
    private readonly now: () => number = Date.now,
  ) {
    this.#assets = assetsBelow(issuer.path);
  }

  pathOf(step: Step): string {
    return step.path;
  }

  valuesOf(request: EdgeRequest): Values {
    return new Map(formOf(request).map(({ name, value }) => [name, value]));
  }

  answer(outcome: Outcome, visit: Visit): Answer {
    if (outcome.kind === 'respond' && outcome.response.browser_state !== '') visit.setState(outcome.response.browser_state);
    const { cookies } = visit;
    switch (outcome.kind) {
      case 'go':
        return seeOther(this.issuer.url + outcome.path, cookies);
      case 'leave':
        return seeOther(redirectTo(outcome.uri, 'query', outcome.parameters), cookies);
      case 'respond':
        return { ...this.#respond(outcome.response, visit), cookies };
      case 'show':
        if (outcome.at !== undefined) return seeOther(this.issuer.url + outcome.at, cookies);
        return { ...this.#show(outcome, visit), cookies };
    }
  }

  renderRefusal(path?: string): RenderRefusal {
    return (refusal, request) => {
      const isForm = path !== undefined && request.method === 'POST';
      const again = isForm ? withQuery(path, { interaction: interactionOf(request) }) : undefined;
      const body = problemPage(this.#context(request, ''), problemOf(refusal, path), refusal, again);
      // 401 asks for credentials by a challenge (RFC 9110 §15.5.2); a person at a page has none to give.
      const status = refusal.status === 401 ? 400 : refusal.status;
      return this.#page(status, body, 'none', retryAfter(refusal.retryAfter));
    };
  }

  #respond(response: ClientResponse, visit: Visit): Answer {
    const { redirect_uri, response_mode, parameters } = response;
    if (response_mode !== 'form_post') return seeOther(redirectTo(redirect_uri, response_mode, parameters));
    assertPostable(redirect_uri);
    return this.#page(200, formPostPage(this.#context(visit.request, ''), response), 'anywhere');
  }

  #show({ screen, status, retryAtMs }: Extract<Outcome, { kind: 'show' }>, visit: Visit): Answer {
    const context = this.#context(visit.request, visit.csrf, uiLocalesOf(screen));
    const seconds = retryAtMs === undefined ? undefined : Math.max(1, Math.ceil((retryAtMs - context.now) / 1000));
    return this.#page(status, renderScreen(context, screen), formsOf(screen), retryAfter(seconds), framesOf(screen));
  }

  #page(
    status: number,
    body: string,
    forms: FormTarget,
    more: Readonly<Record<string, string>> = {},
    frames: readonly string[] = [],
  ): Answer {
    const headers = { 'content-type': 'text/html; charset=utf-8', ...noStore, vary: 'Cookie, Accept-Language' };
    return { status, headers: { ...headers, ...securityHeaders(this.issuer, forms, frames), ...more }, body };
  }

  #context(request: EdgeRequest, csrf: string, uiLocales: readonly string[] = []): PageContext {
    const { path: prefix, host } = this.issuer;
    const texts = textsOf(chooseLanguage(uiLocales, request.headers['accept-language']));
    return { texts, assets: this.#assets, prefix, host, csrf, now: this.now() };
  }
}

const retryAfter = (seconds: number | undefined): Readonly<Record<string, string>> =>
  seconds === undefined ? {} : { 'retry-after': String(seconds) };

function uiLocalesOf(screen: Screen): readonly string[] {
  if ('details' in screen) return screen.details?.ui_locales ?? [];
  // OpenID Connect RP-Initiated Logout §2.
  const asked = screen.name === 'sign_out' ? screen.parameters.find(({ name }) => name === 'ui_locales') : undefined;
  return asked?.value.split(' ') ?? [];
}

const framesOf = (screen: Screen): readonly string[] => (screen.name === 'signed_out' ? screen.frames : []);

/** See security-headers.ts: forms that may end at a client name no target. */
function formsOf(screen: Screen): FormTarget {
  const { name } = screen;
  // Linking an account leads on to its provider.
  if (screen.name === 'settings' && screen.flow.forms.some(({ method }) => method === 'upstream')) return 'anywhere';
  if (name === 'signed_out' || name === 'signed_in_only') return 'none';
  return selfPosting.has(name) ? 'self' : 'anywhere';
}

const selfPosting: ReadonlySet<Screen['name']> = new Set(['settings', 'sessions', 'applications', 'device']);

const problems: Partial<Record<Reason, Problem>> = {
  interaction_unknown: 'expired',
  flow_unknown: 'expired',
  method_not_offered: 'form_stale',
  completion_unknown: 'expired',
  interaction_of_other_browser: 'other_browser',
  flow_of_other_browser: 'other_browser',
  session_of_other_browser: 'other_browser',
  csrf_mismatch: 'form_stale',
  origin_foreign: 'form_stale',
};

/** What a person is told; `path` is that of a page of ours, or nothing for a client's request. */
function problemOf({ reason, status }: Refusal, path: string | undefined): Problem {
  const known = problems[reason];
  if (known !== undefined) return known;
  if (status === 404 || status === 405) return 'not_found';
  if (status === 429) return 'throttled';
  if (status === 503) return 'unavailable';
  if (status >= 500) return 'fault';
  return path === undefined ? 'client_request' : 'input';
}

/** For the link that opens a stale page again. It is shown escaped, and a handle of another browser opens nothing. */
function interactionOf(request: EdgeRequest): string {
  try {
    return formOf(request).find(({ name }) => name === 'interaction')?.value ?? '';
  } catch {
    return '';
  }
}
