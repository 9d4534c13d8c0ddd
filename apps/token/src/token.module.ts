import { Module } from '@nestjs/common';
import type { NestModule } from '@authority/rpc';
import {
  AuditController,
  ClientController,
  GrantController,
  KeyController,
  RegistrationTokenController,
  ResourceController,
  SettingsController,
} from './controllers/admin.ts';
import { ApplicationController } from './controllers/applications.ts';
import { AuthorizationController } from './controllers/authorization.ts';
import { RegistrationController } from './controllers/registration.ts';
import { TokenController } from './controllers/token.ts';
import { LogoutDeliveryController } from './controllers/logout-deliveries.ts';
import { TrustedIssuerController } from './controllers/trusted-issuers.ts';
import { TOKEN_CORE, type TokenCore } from './core.ts';

@Module({})
class TokenModule {}

export function tokenModule(core: TokenCore): NestModule {
  return {
    module: TokenModule,
    controllers: [
      ...[TokenController, AuthorizationController, ApplicationController, RegistrationController],
      ...[
        ClientController,
        RegistrationTokenController,
        ResourceController,
        TrustedIssuerController,
        LogoutDeliveryController,
        GrantController,
        KeyController,
        SettingsController,
        AuditController,
      ],
    ],
    providers: [{ provide: TOKEN_CORE, useValue: core }],
  };
}
