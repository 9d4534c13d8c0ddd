import { OAuthError } from '@authority/errors';
import { find } from '../../primitives/parameters.ts';
import { type Prompt, prompts, type RequestCheck } from '../request.ts';
import { login, type PersonCheck, signedInSince } from '../situation.ts';

const known: ReadonlySet<string> = new Set(prompts);

function isPrompt(value: string): value is Prompt {
  return known.has(value);
}

/** `prompt` is a list of known words, `none` alone (OpenID Connect Core §3.1.2.1, Initiating User Registration §4.1). */
export const prompt: RequestCheck = {
  name: 'prompt',

  check({ parameters }) {
    const words = (find(parameters, 'prompt') ?? '').split(' ').filter((word) => word !== '');
    if (!words.every(isPrompt)) {
      throw new OAuthError('invalid_request', 'parameter_invalid', { description: 'prompt has an unknown value' });
    }
    const asked = new Set<Prompt>(words);
    if (asked.has('none') && asked.size > 1) {
      throw new OAuthError('invalid_request', 'prompt_none_with_others', { description: 'prompt none must be alone' });
    }
    return { prompts: asked };
  },
};

/** prompt=create: the person makes an account for this request, or signs in. */
export const promptCreate: PersonCheck = {
  name: 'prompt=create',
  need({ prompts: asked }, situation) {
    return asked.has('create') && !signedInSince(situation) ? { ...login(situation), kind: 'registration' } : undefined;
  },
};

/** prompt=login: the person signs in for this request, whatever session there is. */
export const promptLogin: PersonCheck = {
  name: 'prompt=login',
  need({ prompts: asked }, situation) {
    return asked.has('login') && !signedInSince(situation) ? login(situation) : undefined;
  },
};

/** prompt=select_account: answered by a sign-in for this request, or by choosing the account that is signed in. */
export const promptSelectAccount: PersonCheck = {
  name: 'prompt=select_account',
  need({ prompts: asked }, situation) {
    if (!asked.has('select_account') || signedInSince(situation) || situation.selectedAt !== undefined) return undefined;
    return { kind: 'select_account', reauthenticate: false };
  },
};
