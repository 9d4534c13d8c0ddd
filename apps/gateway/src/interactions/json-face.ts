import { DeviceVerificationState } from '@authority/contracts/token';
import { OAuthError } from '@authority/errors';
import { jsonObject, jsonTextOf } from '../http/body.ts';
import { json, noStore } from '../http/answer.ts';
import { assertPostable, redirectTo } from '../http/client-redirect.ts';
import { csrfField } from '../http/csrf.ts';
import type { Issuer } from '../http/issuer.ts';
import { plainError } from '../http/oauth-error.ts';
import { securityHeaders } from '../http/security-headers.ts';
import type { Face } from './face.ts';
import type { Outcome, Screen } from './outcome.ts';
import type { Visit } from './visit.ts';

/**
 * Steps as JSON under /self-service/v1, for a user interface of one's own: the same code, the same checks. A POST is a
 * JSON object of strings with `csrf_token`, which every screen carries; the cookies are the same.
 */
export function jsonFace(issuer: Issuer): Face {
  const headers = { ...noStore, vary: 'Cookie', ...securityHeaders(issuer, 'none') };
  return {
    pathOf: (step) => `/self-service/v1${step.jsonPath ?? step.path}`,

    valuesOf(request) {
      const members = Object.entries(jsonObject(jsonTextOf(request)));
      for (const [, one] of members) {
        if (typeof one !== 'string') {
          throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'Every member must be a string.' });
        }
      }
      return new Map(members as [string, string][]); // just asserted
    },

    answer(outcome, visit) {
      if (outcome.kind === 'respond' && outcome.response.browser_state !== '') visit.setState(outcome.response.browser_state);
      const status = outcome.kind === 'show' ? outcome.status : 200;
      return { ...json(status, JSON.stringify(bodyOf(outcome, visit, issuer)), headers), cookies: visit.cookies };
    },

    renderRefusal: () => (refusal, request) => {
      const answer = plainError(refusal, request);
      return { ...answer, headers: { ...answer.headers, ...headers } };
    },
  };
}

function bodyOf(outcome: Outcome, visit: Visit, issuer: Issuer): unknown {
  switch (outcome.kind) {
    case 'go':
      return { redirect_to: issuer.url + outcome.path };
    case 'leave':
      return { redirect_to: redirectTo(outcome.uri, 'query', outcome.parameters) };
    case 'respond': {
      const { redirect_uri, response_mode, parameters } = outcome.response;
      if (response_mode !== 'form_post') return { redirect_to: redirectTo(redirect_uri, response_mode, parameters) };
      assertPostable(redirect_uri);
      return { form_post: { action: redirect_uri, parameters } };
    }
    case 'show':
      return { ...screenOf(outcome.screen), [csrfField]: visit.csrf };
  }
}

function screenOf(screen: Screen): Readonly<Record<string, unknown>> {
  switch (screen.name) {
    case 'login':
    case 'registration':
    case 'recovery':
    case 'verification':
    case 'settings': {
      const { name, flow, interaction, details, notice } = screen;
      const { handle, stage, forms, messages, expires_at_ms, retry_at_ms, signed_in_as } = flow;
      const shown = forms.map(({ options, ...form }) => ({
        ...form,
        ...(options === '' ? {} : { options: JSON.parse(options) as unknown }),
      }));
      const state = { stage, forms: shown, messages, expires_at_ms, retry_at_ms, signed_in_as };
      return { screen: name, flow: handle, ...state, interaction, details, notice };
    }
    case 'sessions':
      return { screen: screen.name, sessions: screen.sessions, notice: screen.notice };
    case 'applications':
      return { screen: screen.name, applications: screen.applications, notice: screen.notice };
    case 'sign_out':
      return { screen: screen.name, parameters: screen.parameters, client: screen.client };
    case 'consent':
    case 'select_account':
      return { screen: screen.name, interaction: screen.interaction, details: screen.details };
    case 'device': {
      const { state, ...shown } = screen.verification;
      return { screen: screen.name, state: deviceStates[state], ...shown };
    }
    case 'signed_out': {
      const { name, frames, next } = screen;
      const redirect_to = next && redirectTo(next.uri, 'query', next.parameters);
      return { screen: name, ...(frames.length > 0 && { frontchannel_logout_uris: frames }), ...(redirect_to && { redirect_to }) };
    }
    default:
      return { screen: screen.name };
  }
}

const deviceStates: Partial<Record<DeviceVerificationState, string>> = {
  [DeviceVerificationState.ENTER]: 'enter',
  [DeviceVerificationState.UNKNOWN]: 'unknown',
  [DeviceVerificationState.CONFIRM]: 'confirm',
  [DeviceVerificationState.ALLOWED]: 'allowed',
  [DeviceVerificationState.DENIED]: 'denied',
  [DeviceVerificationState.EXPIRED]: 'expired',
  [DeviceVerificationState.DECIDED_BEFORE]: 'decided_before',
};
