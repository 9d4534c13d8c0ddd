import {
  type AllowOriginRequest,
  type AllowOriginResponse,
  type AuthorizeDeviceRequest,
  type AuthorizeDeviceResponse,
  type ExchangeRequest,
  type ExchangeResponse,
  type GetJwksResponse,
  type GetMetadataResponse,
  type GetRevocationListRequest,
  type GetRevocationListResponse,
  type IntrospectRequest,
  type IntrospectResponse,
  type RevokeRequest,
  RevokeResponse,
  TokenServiceService,
  type UserInfoRequest,
  type UserInfoResponse,
} from '@authority/contracts/token';
import { type Call, GrpcController, type Handlers } from '@authority/rpc';
import { Inject } from '@nestjs/common';
import { TOKEN_CORE, type TokenCore } from '../core.ts';
import { endpointRequest } from './wire.ts';

@GrpcController(TokenServiceService)
export class TokenController implements Handlers<typeof TokenServiceService> {
  constructor(@Inject(TOKEN_CORE) private readonly core: TokenCore) {}

  /** POST /oauth2/token (RFC 6749 §3.2). */
  exchange(request: ExchangeRequest): Promise<ExchangeResponse> {
    return this.core.token.exchange(endpointRequest(request), Date.now());
  }

  /** POST /oauth2/introspect (RFC 7662 §2). The admin service is the resource server of the operators' API. */
  async introspect(request: IntrospectRequest, { peer }: Call): Promise<IntrospectResponse> {
    if (request.jwt && peer !== 'admin') {
      const body = await this.core.introspection.introspectAsJwt(endpointRequest(request), Date.now());
      return { body, content_type: 'application/token-introspection+jwt' };
    }
    const caller = peer === 'admin' ? this.core.adminCaller : undefined;
    const answer = await this.core.introspection.introspect(endpointRequest(request), Date.now(), caller);
    return { body: JSON.stringify(answer), content_type: '' };
  }

  /** POST /oauth2/revoke (RFC 7009 §2). */
  async revoke(request: RevokeRequest): Promise<RevokeResponse> {
    await this.core.revocation.revoke(endpointRequest(request), Date.now());
    return RevokeResponse.create();
  }

  /** GET and POST /oauth2/userinfo (OpenID Connect Core §5.3). */
  userInfo(request: UserInfoRequest): Promise<UserInfoResponse> {
    return this.core.userInfo.userInfo(endpointRequest(request), Date.now());
  }

  /** POST /oauth2/device_authorization (RFC 8628 §3.1). */
  authorizeDevice(request: AuthorizeDeviceRequest): Promise<AuthorizeDeviceResponse> {
    return this.core.deviceAuthorization.authorizeDevice(endpointRequest(request), Date.now());
  }

  /** /.well-known/jwks.json (RFC 7517 §5). */
  async getJwks(): Promise<GetJwksResponse> {
    return this.core.jwks();
  }

  /** /.well-known/revocations (house.md, "One revocation set"). */
  async getRevocationList(asked: GetRevocationListRequest): Promise<GetRevocationListResponse> {
    return this.core.revocationList(asked, Date.now());
  }

  /** /.well-known/openid-configuration (OpenID Connect Discovery §4, RFC 8414 §3). */
  async getMetadata(): Promise<GetMetadataResponse> {
    return this.core.metadata();
  }

  /** Whether a page of an origin may read the answer of a request (CORS). */
  async allowOrigin({ origin, parameters, authorization }: AllowOriginRequest): Promise<AllowOriginResponse> {
    return { allowed: await this.core.allowedOrigin.isAllowed(origin, { parameters, authorization }) };
  }
}
