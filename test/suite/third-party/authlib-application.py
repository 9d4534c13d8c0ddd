"""An application on Debian's python3-authlib. Reads JSON lines from standard input, answers each with one (authlib.test.ts)."""

import json
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken


def read():
    return json.loads(sys.stdin.readline())


def say(answer):
    print(json.dumps(answer), flush=True)


asked = read()
metadata = requests.get(asked["issuer"] + "/.well-known/openid-configuration", timeout=10).json()
key = asked.get("key")
method = "private_key_jwt" if key else "client_secret_basic"
session = OAuth2Session(
    asked["client_id"],
    key or asked["client_secret"],
    scope=asked["scope"],
    redirect_uri=asked["redirect_uri"],
    code_challenge_method="S256",
    token_endpoint_auth_method=method,
    revocation_endpoint_auth_method=method,
)
if key:
    session.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg="ES256"))

verifier, nonce = asked["verifier"], asked["nonce"]
url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
say({"url": url})

arrived = read()["url"]
token = session.fetch_token(metadata["token_endpoint"], authorization_response=arrived, code_verifier=verifier, state=state)
keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
claims = jwt.decode(
    token["id_token"],
    keys,
    claims_cls=CodeIDToken,
    claims_options={"iss": {"value": metadata["issuer"]}, "aud": {"value": asked["client_id"]}, "nonce": {"value": nonce}},
    claims_params={"nonce": nonce, "client_id": asked["client_id"], "access_token": token["access_token"]},
)
claims.validate()
user = session.get(metadata["userinfo_endpoint"], timeout=10).json()
refreshed = session.refresh_token(metadata["token_endpoint"])
introspected = session.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"]).json()
revoked = session.revoke_token(metadata["revocation_endpoint"], token=refreshed["refresh_token"]).status_code
gone = session.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"]).json()
say({"claims": dict(claims), "user": user, "introspected": introspected, "revoked": revoked, "gone": gone})
