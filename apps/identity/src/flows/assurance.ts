/** Authentication context classes, weakest first; `acr` values are this server's own (OpenID Connect Core §2). */
export const passwordAcr = 'urn:authority:acr:password';
export const multiFactorAcr = 'urn:authority:acr:mfa';
export const phishingResistantAcr = 'urn:authority:acr:phishing-resistant';

const classes: readonly string[] = [passwordAcr, multiFactorAcr, phishingResistantAcr];

/** Something that was proved in a flow. */
export interface Factor {
  readonly method: string;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** The database's clock, Unix milliseconds. */
  readonly at: number;
  /** It alone stands for two kinds of factors: a passkey that verified its user. */
  readonly isMultiFactor?: boolean;
  /** It was chosen in this flow, not proved: a new password. */
  readonly isNew?: boolean;
  /** It cannot be given to a page of somebody else's (WebAuthn level 3 §13.4.9). */
  readonly isPhishingResistant?: boolean;
}

/** Which class these factors reach. One proof twice is one factor. */
export function acrOf(factors: readonly Factor[]): string {
  const proved = factors.filter(({ isNew }) => isNew !== true);
  const isMultiFactor = proved.some((one) => one.isMultiFactor) || new Set(proved.map(({ method }) => method)).size > 1;
  if (!isMultiFactor) return passwordAcr;
  return factors.some((one) => one.isPhishingResistant) ? phishingResistantAcr : multiFactorAcr;
}

/** The methods used, in order; `mfa` beside them where there was more than one factor (RFC 8176 §2). */
export function amrOf(factors: readonly Factor[]): string[] {
  const used = factors.flatMap(({ amr }) => amr);
  return [...new Set(acrOf(factors) === passwordAcr ? used : [...used, 'mfa'])];
}

/** Of the classes asked for the weakest that is known here: any one of them will do. Undefined when none is known. */
export const leastAcr = (asked: readonly string[]): string | undefined => classes.find((one) => asked.includes(one));

export const reaches = (reached: string, wanted: string): boolean => classes.indexOf(reached) >= classes.indexOf(wanted);
