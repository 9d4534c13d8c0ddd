/** A user name and password; an address only for those who want to be able to recover. */
export const usernamePreset = {
  title: 'User name and password',
  type: 'object',
  properties: {
    username: {
      type: 'string',
      minLength: 3,
      maxLength: 64,
      authority: { identifier: 'username', claim: 'preferred_username', autocomplete: 'username' },
    },
    email: {
      type: 'string',
      format: 'email',
      authority: { verify: true, recovery: true, claim: 'email', autocomplete: 'email', forms: ['registration', 'settings'] },
    },
    name: { type: 'string', authority: { claim: 'name', autocomplete: 'name' } },
  },
  required: ['username'],
  additionalProperties: false,
};
