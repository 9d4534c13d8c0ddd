import { login, type PersonCheck } from '../situation.ts';

/** Somebody must be signed in (OpenID Connect Core §3.1.2.3). */
export const signedIn: PersonCheck = {
  name: 'session',
  need(_request, situation) {
    return situation.session ? undefined : login(situation);
  },
};
