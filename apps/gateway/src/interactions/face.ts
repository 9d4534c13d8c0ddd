import type { EdgeRequest } from '../http/request.ts';
import type { Answer } from '../http/answer.ts';
import { assertOwnForm, csrfField } from '../http/csrf.ts';
import type { Issuer } from '../http/issuer.ts';
import type { RenderRefusal } from '../http/oauth-error.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import { refuse, type Route } from '../http/serve.ts';
import type { Outcome } from './outcome.ts';
import { type Step, value, type Values } from './step.ts';
import type { OpenVisit, Visit } from './visit.ts';

/** How steps look from outside: pages for people, JSON for a user interface of one's own. */
export interface Face {
  pathOf(step: Step): string;
  valuesOf(request: EdgeRequest): Values;
  answer(outcome: Outcome, visit: Visit): Answer;
  /** `path` is the step's; nothing for an endpoint that a client sends the browser to. */
  renderRefusal(path?: string): RenderRefusal;
}

interface Surroundings {
  readonly issuer: Issuer;
  readonly open: OpenVisit;
  readonly face: Face;
}

/** The routes of a step. No step sees a submission that did not pass the CSRF checks. */
export function stepRoutes({ issuer, open, face }: Surroundings, step: Step): Route[] {
  const path = face.pathOf(step);
  const renderRefusal = face.renderRefusal(step.path);
  const routes: Route[] = [
    browserRoute({ open, face }, 'GET', path, renderRefusal, (visit) =>
      step.show(visit, new Map(parseParameters(queryOf(visit.request.raw.url)).map(({ name, value: one }) => [name, one]))),
    ),
  ];
  const { submit } = step;
  if (submit !== undefined) {
    routes.push(
      browserRoute({ open, face }, 'POST', path, renderRefusal, (visit) => {
        const values = face.valuesOf(visit.request);
        assertOwnForm(visit.request.headers, issuer, visit.csrf, value(values, csrfField));
        return submit(visit, values);
      }),
    );
  }
  return routes;
}

/** A route that a browser visits: also a refusal brings the cookies that were made on the way. */
export function browserRoute(
  { open, face }: Pick<Surroundings, 'open' | 'face'>,
  method: 'GET' | 'POST',
  path: string,
  renderRefusal: RenderRefusal,
  act: (visit: Visit) => Promise<Outcome>,
): Route {
  return {
    method,
    path,
    renderRefusal,
    async endpoint(request) {
      const visit = open(request);
      try {
        return face.answer(await act(visit), visit);
      } catch (thrown) {
        return { ...refuse(request, path, thrown, renderRefusal), cookies: visit.cookies };
      }
    },
  };
}
