/** Who asked, as the edge saw it. */
export interface Asked {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly address: string;
  readonly userAgent: string;
}

/** A page of ours. The mailer builds its address from the issuer, never from a request. */
export interface Link {
  readonly page: 'login' | 'recovery' | 'verification' | 'account' | 'invitation';
  readonly parameters?: Readonly<Record<string, string>>;
}

interface WithCode {
  readonly code: string;
  /** The mail is not sent any more after this. */
  readonly expiresAt: number;
  readonly asked: Asked;
}
interface Notice {
  readonly asked: Asked;
}

/** Every kind of mail, and what it needs. Its texts are in `messages/`, under the same name. */
export interface MailKinds {
  /** Proves that an address can be read. */
  readonly verification: WithCode & { readonly link: Link };
  readonly recovery: WithCode & { readonly link: Link };
  /** The answer to the browser is that of `recovery`: only who reads this mailbox learns that there is no account. */
  readonly recovery_unknown: Notice;
  readonly login_code: WithCode;
  /** Whoever types it has the address, and gets the account that waits for it. */
  readonly registration_code: WithCode;
  /** To a new address, before it takes the place of another. */
  readonly address_code: WithCode;
  /** Somebody registered with the address of an account that exists. */
  readonly registration_attempt: Notice;
  /** From a browser that had not signed in to this account before. */
  readonly new_sign_in: Notice;
  readonly password_changed: Notice;
  readonly password_recovered: Notice;
  readonly passkey_added: Notice;
  readonly passkey_removed: Notice;
  readonly totp_on: Notice;
  readonly totp_off: Notice;
  readonly recovery_codes_made: Notice;
  /** To the address that was replaced, too. */
  readonly email_changed: Notice;
  readonly account_linked: Notice;
  readonly account_unlinked: Notice;
  readonly invitation: { readonly organization: string; readonly inviter?: string; readonly link: Link; readonly expiresAt: number };
  readonly deletion_scheduled: Notice & { readonly deletesAt: number };
  readonly deletion_cancelled: Notice;
}

export type MailKind = keyof MailKinds;

/** A mail to be sent. */
export type Mail = {
  [K in MailKind]: {
    readonly kind: K;
    /** One address. */
    readonly to: string;
    /** BCP 47; what fits best is taken, and English where nothing does. */
    readonly locale?: string;
    readonly values: MailKinds[K];
    /** Put into the outbox like the others, and sent to nobody: leaving it out would be quicker, and tell who has an account. */
    readonly withheld?: boolean;
  };
}[MailKind];

/** A mail as it is rendered: what its template may ask for, whichever kind it is. */
export interface StoredMail {
  readonly kind: MailKind;
  readonly to: string;
  readonly locale: string;
  readonly values: MailValues;
}

export interface MailValues {
  readonly code?: string;
  readonly link?: Link;
  readonly expiresAt?: number;
  readonly asked?: Asked;
  readonly organization?: string;
  readonly inviter?: string;
  readonly deletesAt?: number;
}

/** What each kind shows: a table beside the types, for templates and their checks. */
export const mailKinds: { readonly [K in MailKind]: readonly (keyof MailKinds[K] & keyof MailValues)[] } = {
  verification: ['code', 'link', 'expiresAt', 'asked'],
  recovery: ['code', 'link', 'expiresAt', 'asked'],
  recovery_unknown: ['asked'],
  login_code: ['code', 'expiresAt', 'asked'],
  registration_code: ['code', 'expiresAt', 'asked'],
  address_code: ['code', 'expiresAt', 'asked'],
  registration_attempt: ['asked'],
  new_sign_in: ['asked'],
  password_changed: ['asked'],
  password_recovered: ['asked'],
  passkey_added: ['asked'],
  passkey_removed: ['asked'],
  totp_on: ['asked'],
  totp_off: ['asked'],
  recovery_codes_made: ['asked'],
  email_changed: ['asked'],
  account_linked: ['asked'],
  account_unlinked: ['asked'],
  invitation: ['organization', 'inviter', 'link', 'expiresAt'],
  deletion_scheduled: ['asked', 'deletesAt'],
  deletion_cancelled: ['asked'],
};

/** The page that a kind leads to where its sender names none: one link, and none where there is nothing to do. */
export const standingLinks: { readonly [K in MailKind]?: Link } = {
  registration_attempt: { page: 'login' },
  new_sign_in: { page: 'account' },
  password_changed: { page: 'recovery' },
  password_recovered: { page: 'recovery' },
  passkey_added: { page: 'account' },
  passkey_removed: { page: 'account' },
  totp_on: { page: 'account' },
  totp_off: { page: 'account' },
  recovery_codes_made: { page: 'account' },
  email_changed: { page: 'recovery' },
  account_linked: { page: 'account' },
  account_unlinked: { page: 'account' },
  deletion_scheduled: { page: 'account' },
};

export const isMailKind = (text: string): text is MailKind => Object.hasOwn(mailKinds, text);
