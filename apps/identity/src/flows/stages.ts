import { acrOf, leastAcr, passwordAcr, phishingResistantAcr, reaches } from './assurance.ts';
import type { Form, Method, Part, View } from './method.ts';
import type { FlowState } from './state.ts';

/** Where a flow stands. `finished`: the sign-in is complete; `done`: the flow is, and signs nobody in. */
export type Stage =
  | 'first'
  | 'second'
  | 'enrol'
  | 'registration'
  | 'recovery'
  | 'new_password'
  | 'verification'
  | 'settings'
  | 'finished'
  | 'done';

/** A method's form at the stage. */
export interface Offer {
  readonly method: Method;
  readonly part: Part;
  readonly form: Form;
}

export interface Standing {
  readonly stage: Stage;
  readonly offers: readonly Offer[];
}

/** What stages depend on besides the flow. */
export interface Rules {
  /** Whoever has no second factor must take one on before a sign-in is complete. */
  readonly requiresSecondFactor: boolean;
}

const parts: Readonly<Partial<Record<Stage, (method: Method) => Part | undefined>>> = {
  first: (method) => method.first,
  second: (method) => method.second,
  enrol: (method) => method.enrol,
  registration: (method) => method.registration,
  recovery: (method) => method.recovery,
  new_password: (method) => method.newPassword,
  verification: (method) => method.verification,
  settings: (method) => method.settings,
};

/**
 * The one place that decides what a flow still needs. It is asked before every page and after every submission, from the
 * flow's state alone: no step can be skipped by submitting another, for what is not offered is not taken. `only`: the form
 * that was submitted, so that nothing is asked of a store for forms that nobody sees.
 */
export async function standingOf(
  flow: FlowState,
  methods: readonly Method[],
  rules: Rules,
  viewOf: (method: Method) => View,
  only?: string,
): Promise<Standing> {
  const at = async (stage: Stage): Promise<Standing> => {
    // Whether another factor is needed depends on all that there are; elsewhere one form has nothing to do with the others.
    const asked = only === undefined || stage === 'second' || stage === 'enrol' ? methods : methods.filter(({ name }) => name === only);
    return { stage, offers: await offersAt(stage, asked, viewOf) };
  };
  if (flow.isDone) return { stage: 'done', offers: [] };
  if (flow.kind === 'settings' || flow.kind === 'verification') return at(flow.kind);
  if (flow.person === undefined) return at(flow.kind === 'login' ? 'first' : flow.kind);

  // What is due besides was asked before the new password: it is the last step of a recovery.
  const hasNewPassword = flow.factors.some(({ method }) => method === 'password');
  if (flow.kind === 'recovery' && hasNewPassword) return { stage: 'finished', offers: [] };

  const second = await neededSecond(flow, await at('second'));
  if (second) return second;
  if (rules.requiresSecondFactor && acrOf(flow.factors) === passwordAcr) {
    const enrol = await at('enrol');
    if (enrol.offers.length > 0) return enrol;
  }
  return flow.kind === 'recovery' ? at('new_password') : { stage: 'finished', offers: [] };
}

/** A second factor is asked of everybody who has one, and a stronger one where a stronger class was asked for. */
function neededSecond(flow: FlowState, { stage, offers }: Standing): Standing | undefined {
  const used = new Set(flow.factors.map(({ method }) => method));
  const left = offers.filter(({ method }) => !used.has(method.name));
  const reached = acrOf(flow.factors);
  if (reached === passwordAcr) {
    const isNeeded = left.some(({ method }) => method.second?.isBackup !== true);
    return isNeeded ? { stage, offers: left } : undefined;
  }
  const wanted = leastAcr(flow.acrValues);
  if (wanted !== phishingResistantAcr || reaches(reached, wanted)) return undefined;
  const strong = left.filter(({ method }) => method.name === 'passkey');
  return strong.length > 0 ? { stage, offers: strong } : undefined;
}

async function offersAt(stage: Stage, methods: readonly Method[], viewOf: (method: Method) => View): Promise<Offer[]> {
  const found = methods.map(async (method) => {
    const part = parts[stage]?.(method);
    const form = await part?.offer(viewOf(method));
    return part && form ? [{ method, part, form }] : [];
  });
  return (await Promise.all(found)).flat();
}
