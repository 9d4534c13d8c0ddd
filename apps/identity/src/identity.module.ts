import type { NestModule } from '@authority/rpc';
import { Module } from '@nestjs/common';
import { AdminIdentityController } from './controllers/admin-identity-controller.ts';
import { CredentialController } from './controllers/credential-controller.ts';
import { FlowController } from './controllers/flow-controller.ts';
import { IdentityController } from './controllers/identity-controller.ts';
import { ImportController } from './controllers/import-controller.ts';
import { DeadLetterController, MailTemplateController } from './controllers/mail-controllers.ts';
import { AuditController, SettingsController } from './controllers/owner-controllers.ts';
import { SchemaController } from './controllers/schema-controller.ts';
import { UpstreamProviderController } from './controllers/upstream-provider-controller.ts';
import { IDENTITY_CORE, type IdentityCore } from './tokens.ts';

@Module({})
class IdentityModule {}

/** The Nest module of identity over a core. */
export const identityModule = (core: IdentityCore): NestModule => ({
  module: IdentityModule,
  controllers: [
    FlowController,
    IdentityController,
    AdminIdentityController,
    CredentialController,
    ImportController,
    SchemaController,
    UpstreamProviderController,
    MailTemplateController,
    DeadLetterController,
    SettingsController,
    AuditController,
  ],
  providers: [{ provide: IDENTITY_CORE, useValue: core }],
});
