/** A telephone number and password. */
export const phonePreset = {
  title: 'Telephone number and password',
  type: 'object',
  properties: {
    phone: {
      type: 'string',
      format: 'phone',
      authority: { identifier: 'phone', verify: true, recovery: true, claim: 'phone_number', autocomplete: 'tel' },
    },
    name: { type: 'string', authority: { claim: 'name', autocomplete: 'name', forms: ['registration', 'settings'] } },
  },
  required: ['phone'],
  additionalProperties: false,
};
