/** Staff: the company's address and a user name, and what only the company says of somebody. */
export const employeePreset = {
  title: 'Employee',
  type: 'object',
  properties: {
    email: {
      type: 'string',
      format: 'email',
      authority: { identifier: 'email', verify: true, claim: 'email', autocomplete: 'username', readonly: true },
    },
    username: {
      type: 'string',
      minLength: 2,
      maxLength: 64,
      authority: { identifier: 'username', claim: 'preferred_username', readonly: true },
    },
    given_name: { type: 'string', maxLength: 100, authority: { claim: 'given_name', autocomplete: 'given-name' } },
    family_name: { type: 'string', maxLength: 100, authority: { claim: 'family_name', autocomplete: 'family-name' } },
    phone: {
      type: 'string',
      format: 'phone',
      authority: { verify: true, claim: 'phone_number', autocomplete: 'tel' },
    },
    employee_number: {
      type: 'string',
      pattern: '^[A-Za-z0-9-]{1,32}$',
      authority: { claim: 'employee_number', scope: 'employee', readonly: true },
    },
    department: { type: 'string', maxLength: 100, authority: { claim: 'department', scope: 'employee', readonly: true } },
    locale: { type: 'string', format: 'language', authority: { claim: 'locale', autocomplete: 'language' } },
  },
  required: ['email', 'given_name', 'family_name'],
  additionalProperties: false,
};
