import { Controller, Get, Header, HttpException, Inject } from '@nestjs/common';

/** Tells whether the gateway had its first contact with token. */
export const READY = Symbol('ready');

/**
 * The probes, for whoever can only reach this listener. Liveness looks at nothing; readiness does not hang on peers after
 * the first contact, or one service that is away would take the edge away from all others (issue 2).
 */
@Controller('health')
export class HealthController {
  constructor(@Inject(READY) private readonly ready: () => boolean) {}

  @Get('live')
  @Header('cache-control', 'no-store')
  live(): { status: string } {
    return { status: 'live' };
  }

  @Get('ready')
  @Header('cache-control', 'no-store')
  readiness(): { status: string } {
    if (!this.ready()) throw new HttpException({ status: 'not ready' }, 503);
    return { status: 'ready' };
  }
}
