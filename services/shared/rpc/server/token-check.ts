import { RpcError } from '../errors.js';
import type { CallContext } from './call-context.js';
import type {
  BidiStreamHandler,
  Implementation,
  ServerStreamHandler,
  UnaryHandler,
} from './implementation.js';

/** True where the headers hold a token that lets in; the HTTP port asks the same. */
export type TokenGuard = (request: {
  readonly headers: { readonly authorization?: string | undefined };
}) => boolean;

/**
 * The same service for people and programs that hold the API token. A certificate says which cluster calls, which is no
 * right to read others' costs: on the gRPC port the token is wanted beside it, as `authorization: Bearer …` metadata.
 * Callers of the HTTP port showed theirs already.
 */
export function askForToken(implementation: Implementation, isLetIn: TokenGuard): Implementation {
  const check = ({ caller, authorization, service }: CallContext): void => {
    if (caller.kind === 'token' || isLetIn({ headers: { authorization } })) return;
    throw new RpcError(
      'permission_denied',
      `${service} answers who shows the API token: send it as 'authorization: Bearer …' metadata`,
    );
  };
  const guarded =
    (handler: UnaryHandler | ServerStreamHandler | BidiStreamHandler) =>
    (request: never, context: CallContext): unknown => {
      check(context);
      return handler(request, context);
    };
  const handlers = Object.entries(implementation.handlers).map(([method, handler]) => [
    method,
    guarded(handler),
  ]);
  return { ...implementation, handlers: Object.fromEntries(handlers) as Implementation['handlers'] };
}
