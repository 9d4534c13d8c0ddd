import { profileTraits } from '../../accounts/traits.ts';

/** E-mail and password, and the profile of OpenID Connect Core §5.1. What people could be before there were schemas. */
export const defaultPreset = {
  title: 'E-mail address and password',
  type: 'object',
  properties: {
    email: {
      type: 'string',
      format: 'email',
      authority: { identifier: 'email', verify: true, recovery: true, claim: 'email', autocomplete: 'username' },
    },
    ...Object.fromEntries(
      profileTraits.map((name) => [
        name,
        {
          type: 'string',
          authority:
            name === 'name' ? { claim: name, autocomplete: name, forms: ['registration', 'settings'] } : { claim: name, forms: [] },
        },
      ]),
    ),
  },
  required: ['email'],
  additionalProperties: false,
};
