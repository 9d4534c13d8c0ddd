import type { NestModule } from '@authority/rpc';
import { Module } from '@nestjs/common';
import { AdminSessionController } from './controllers/admin-session-controller.ts';
import { SessionController } from './controllers/session-controller.ts';
import { AuditController, SettingsController } from './controllers/owner-controllers.ts';
import { SESSION_CORE, type SessionCore } from './tokens.ts';

@Module({})
class SessionModule {}

/** The Nest module of session over a core. */
export const sessionModule = (core: SessionCore): NestModule => ({
  module: SessionModule,
  controllers: [SessionController, AdminSessionController, SettingsController, AuditController],
  providers: [{ provide: SESSION_CORE, useValue: core }],
});
