interface Action {
  owner: 'token' | 'session' | 'identity' | 'admin' | 'the owner of the setting';
  target: string;
  when: string;
}

/** Every action of the audit log. A test finds those of the sources here, and these in the sources. */
export const actions: Readonly<Record<string, Action>> = {
  'client.create': {
    owner: 'token',
    target: 'client:<client_id>',
    when: 'A client was created by an operator, by registration, or at the first start.',
  },
  'client.update': { owner: 'token', target: 'client:<client_id>', when: 'Its metadata changed; `details` names the fields.' },
  'client.delete': { owner: 'token', target: 'client:<client_id>', when: 'It was deleted, and its grants and tokens ended.' },
  'client.rotate_secret': { owner: 'token', target: 'client:<client_id>', when: 'It got a new secret.' },
  'upstream_provider.create': {
    owner: 'identity',
    target: 'upstream_provider:<id>',
    when: 'A provider that people may sign in with was added.',
  },
  'upstream_provider.update': {
    owner: 'identity',
    target: 'upstream_provider:<id>',
    when: 'A provider was changed; `details.fields` names the fields, `secret` says whether the client secret is new.',
  },
  'upstream_provider.delete': { owner: 'identity', target: 'upstream_provider:<id>', when: 'A provider and all links to it were removed.' },
  'upstream.link': { owner: 'identity', target: 'identity:<sub>', when: 'A person linked an account at a provider.' },
  'upstream.unlink': { owner: 'identity', target: 'identity:<sub>', when: 'A person unlinked an account at a provider.' },
  'consent.withdraw': { owner: 'token', target: 'client:<client_id>', when: 'A person took back what they had allowed a client.' },
  'consent.allow': { owner: 'token', target: 'client:<client_id>', when: 'A person allowed a client what it asked.' },
  'device.allow': { owner: 'token', target: 'client:<client_id>', when: 'A person allowed a device what it asked.' },
  'device.deny': { owner: 'token', target: 'client:<client_id>', when: 'A person denied a device what it asked.' },
  'grant.revoke': { owner: 'token', target: 'grant:<grant_id>', when: 'A grant ended before its time; `details.why` says why.' },
  'key.rotate': { owner: 'token', target: 'key:<key_id>', when: 'A new key was made.' },
  'key.delete': { owner: 'token', target: 'key:<key_id>', when: 'A key was retired.' },
  'registration_token.create': { owner: 'token', target: 'registration_token:<id>', when: 'An initial access token was made.' },
  'registration_token.delete': { owner: 'token', target: 'registration_token:<id>', when: 'It was deleted.' },
  'resource.create': { owner: 'token', target: 'resource:<resource>', when: 'A resource was described.' },
  'resource.update': { owner: 'token', target: 'resource:<resource>', when: 'Its description changed; `details` names the fields.' },
  'resource.delete': { owner: 'token', target: 'resource:<resource>', when: 'It was deleted.' },
  'trusted_issuer.create': { owner: 'token', target: 'trusted_issuer:<id>', when: 'An issuer of assertions was trusted.' },
  'trusted_issuer.update': {
    owner: 'token',
    target: 'trusted_issuer:<id>',
    when: 'What it may assert changed; `details` names the fields.',
  },
  'trusted_issuer.delete': { owner: 'token', target: 'trusted_issuer:<id>', when: 'It is trusted no more; its tokens ended.' },
  'logout.retry': { owner: 'token', target: 'client:<client_id>', when: 'An operator had a client told once more of a logout.' },
  'identity.change_profile': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'A person changed traits of theirs; which is in the details.',
  },
  'schema.create': { owner: 'identity', target: 'schema:<id>', when: 'An operator created a schema of identities.' },
  'schema.update': { owner: 'identity', target: 'schema:<id>', when: 'A schema got a new version; its number is in the details.' },
  'schema.delete': { owner: 'identity', target: 'schema:<id>', when: 'A schema that nobody has was deleted.' },
  'session.end': {
    owner: 'session',
    target: 'session:<sid>',
    when: 'A session was ended by its person, a client or an operator, or replaced by a new sign-in.',
  },
  'mail_template.update': {
    owner: 'identity',
    target: 'mail_template:<kind>/<locale>',
    when: 'Parts of the template of a mail were replaced; `details` names them.',
  },
  'mail_template.delete': { owner: 'identity', target: 'mail_template:<kind>/<locale>', when: 'The built-in template was put back.' },
  'dead_letter.replay': {
    owner: 'identity',
    target: 'dead_letters',
    when: 'What could not be delivered is tried again; `details` has the ids.',
  },
  'dead_letter.delete': {
    owner: 'identity',
    target: 'dead_letters',
    when: 'What could not be delivered was forgotten; `details` has the ids.',
  },
  'identity.register': { owner: 'identity', target: 'identity:<sub>', when: 'A person created an account.' },
  'identity.create': { owner: 'identity', target: 'identity:<sub>', when: 'An operator created a person.' },
  'identity.update': { owner: 'identity', target: 'identity:<sub>', when: 'Traits changed; `details` names the fields.' },
  'identity.disable': { owner: 'identity', target: 'identity:<sub>', when: 'A person was disabled: sessions, grants and tokens end.' },
  'identity.enable': { owner: 'identity', target: 'identity:<sub>', when: 'A person may sign in again.' },
  'identity.delete': { owner: 'identity', target: 'identity:<sub>', when: 'A person was deleted.' },
  'identity.import': {
    owner: 'identity',
    target: 'import:<import_id>',
    when: 'People came from another system, many at a time; `created`, `unchanged`, `refused` count them.',
  },
  'identity.verify_address': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'A person proved that an address is theirs, by a code or link that was sent to it, or in a recovery.',
  },
  'identity.reclaim': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'The first proof of an address came by a recovery or a code: credentials from before were dropped, sessions ended.',
  },
  'identity.change_password': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'The person changed their password. `details.ends_sessions`: all that was signed in ended with it.',
  },
  'identity.recover_password': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'The person set a new password at the end of a recovery; all that was signed in ended.',
  },
  'identity.set_password': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'An operator set a new password: sessions, grants and tokens end.',
  },
  'identity.totp_add': { owner: 'identity', target: 'identity:<sub>', when: 'An authenticator app was added.' },
  'identity.totp_remove': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'An authenticator app was removed, by its person or by an operator.',
  },
  'identity.recovery_codes_make': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'Recovery codes were made; those of before are no longer good.',
  },
  'identity.recovery_code_use': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'A recovery code was used to sign in; `details.left` says how many are left.',
  },
  'identity.recovery_codes_remove': { owner: 'identity', target: 'identity:<sub>', when: 'An operator took recovery codes away.' },
  'passkey.add': { owner: 'identity', target: 'identity:<sub>', when: 'A passkey was added.' },
  'passkey.rename': { owner: 'identity', target: 'identity:<sub>', when: 'A passkey was named.' },
  'passkey.remove': { owner: 'identity', target: 'identity:<sub>', when: 'A passkey was removed, by its person or by an operator.' },
  'passkey.counter_regressed': {
    owner: 'identity',
    target: 'identity:<sub>',
    when: 'A passkey was refused because its signature counter went back: two devices may have its key.',
  },
  'identity.remove_password': { owner: 'identity', target: 'identity:<sub>', when: 'An operator took a password away.' },
  'setting.update': { owner: 'the owner of the setting', target: 'setting:<name>', when: 'A setting got a value.' },
  'setting.delete': { owner: 'the owner of the setting', target: 'setting:<name>', when: 'A setting went back to its default.' },
  'admin.refuse': { owner: 'admin', target: 'the RPC', when: 'A call of the admin API was refused. Kept in a ring, not chained.' },
};
