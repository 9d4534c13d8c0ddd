import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom, type Observable, throwError } from 'rxjs';
import type { Call } from './call.ts';

/** Nest would turn what it does not know into text; errors travel as they are to the one codec (fault.ts). */
@Catch()
export class PassErrors implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** What our two Nest transports share: the table of handlers, by gRPC path. */
export abstract class HandlerTable extends Server implements CustomTransportStrategy {
  abstract override listen(callback: (error?: unknown) => void): void;
  abstract override close(): Promise<void>;

  /** Answers one RPC through Nest's handler; undefined when no controller serves the path. */
  handlerOf(path: string): ((request: unknown, call: Call) => Promise<unknown>) | undefined {
    const handler: MessageHandler | undefined = this.messageHandlers.get(path);
    if (!handler) return undefined;
    return async (request, call) => {
      const result: unknown = await handler(request, call);
      return isObservable(result) ? lastValueFrom(result) : result;
    };
  }

  override on(): void {}

  override unwrap<T>(): T {
    throw new Error('there is nothing to unwrap');
  }
}
