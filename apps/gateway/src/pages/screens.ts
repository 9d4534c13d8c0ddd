import type { Screen } from '../interactions/outcome.ts';
import { applicationsPage, sessionsPage } from './account-pages.ts';
import { consentPage } from './consent-page.ts';
import { devicePage } from './device-pages.ts';
import { flowPage } from './flow-page.ts';
import type { PageContext } from './layout.ts';
import { selectAccountPage, signedInOnlyPage, signedOutPage, signOutPage } from './session-pages.ts';

/** Which template shows which screen. */
export function renderScreen(context: PageContext, screen: Screen): string {
  switch (screen.name) {
    case 'login':
    case 'registration':
    case 'recovery':
    case 'verification':
    case 'settings':
      return flowPage(context, screen);
    case 'sessions':
      return sessionsPage(context, screen.sessions, screen.notice);
    case 'applications':
      return applicationsPage(context, screen.applications, screen.notice);
    case 'consent':
      return consentPage(context, screen.interaction, screen.details);
    case 'select_account':
      return selectAccountPage(context, screen.interaction, screen.details);
    case 'device':
      return devicePage(context, screen.verification, screen.missing);
    case 'sign_out':
      return signOutPage(context, screen.parameters, screen.client);
    case 'signed_out':
      return signedOutPage(context, screen);
    case 'signed_in_only':
      return signedInOnlyPage(context);
  }
}
