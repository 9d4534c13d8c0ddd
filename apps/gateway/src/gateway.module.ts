import { type DynamicModule, Module } from '@nestjs/common';
import { HealthController, READY } from './controllers/health.controller.ts';

/** The shell. What clients and browsers call are bare routes (routes.ts): a guard or a pipe has no place in front of them. */
@Module({})
export class GatewayModule {}

export const gatewayModule = (ready: () => boolean): DynamicModule => ({
  module: GatewayModule,
  controllers: [HealthController],
  providers: [{ provide: READY, useValue: ready }],
});
