#!/bin/sh
# Makes, once, what compose.yaml's services need as files: certificates for mutual TLS, system secrets, database roles'
# passwords, the first operator's secret. Each service gets a folder of its own below $1 and sees no other's.
# Runs in the image's stage `prepare` (openssl is there); run again it leaves everything as it is, and makes only a system
# secret that an older release had no need of.
set -eu
out=${1:?usage: prepare.sh <folder>}
uid=${AUTHORITY_UID:-65532}
services='gateway token session identity admin'
days=1095

umask 077
secret() { openssl rand -hex 32; }

if [ -e "$out/operator/ready" ]; then
  for service in token identity; do
    [ -e "$out/$service/secrets" ] || secret > "$out/$service/secrets"
    [ -e "$out/migrate/$service/secrets" ] || cp "$out/$service/secrets" "$out/migrate/$service/secrets"
    [ "$(id -u)" -ne 0 ] || chown "$uid:$uid" "$out/$service/secrets" "$out/migrate/$service/secrets"
  done
  echo 'everything is there'
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

authority() { # name
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"
  openssl req -x509 -new -key "$work/$1.key" -sha256 -days 7300 -subj "/CN=Authority $1" \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign' -out "$work/$1.crt"
}

certificate() { # authority, folder, common name, alternative names
  mkdir -p "$2"
  openssl ecparam -name prime256v1 -genkey -noout -out "$2/tls.key"
  openssl req -new -key "$2/tls.key" -subj "/CN=$3" -out "$work/request"
  printf '%s\n' 'basicConstraints=critical,CA:FALSE' 'keyUsage=critical,digitalSignature' \
    'extendedKeyUsage=serverAuth,clientAuth' "subjectAltName=$4" > "$work/extensions"
  openssl x509 -req -in "$work/request" -CA "$work/$1.crt" -CAkey "$work/$1.key" -CAcreateserial -sha256 -days "$days" \
    -extfile "$work/extensions" -out "$2/tls.crt" 2>/dev/null
  cp "$work/$1.crt" "$2/ca.crt"
}

# Two authorities: a service's certificate is worth nothing at the operator's door, and an operator's is no peer. Their keys
# go with the work folder, so that nobody can sign another.
authority rpc
authority operator
for service in $services; do
  certificate rpc "$out/$service/rpc" "$service" "DNS:$service.authority.internal,DNS:$service"
done
certificate operator "$out/admin/admin" admin 'DNS:localhost,DNS:admin,IP:127.0.0.1'
certificate operator "$out/operator/tls" operator 'DNS:operator'

owner=$(secret)
cache=$(secret)
for service in token session identity admin; do
  printf 'postgres://authority_%s:%s@postgres:5432/authority' "$service" "$(secret)" > "$out/$service/database-url"
done
for service in token session identity; do
  printf 'redis://:%s@redis:6379' "$cache" > "$out/$service/redis-url"
done
for service in token identity; do secret > "$out/$service/secrets"; done

# A migration reads what its service reads, and what no service ever sees: the owner's URL and the first operator's secret.
for service in token session identity admin; do
  mkdir -p "$out/migrate/$service"
  cp -R "$out/$service/." "$out/migrate/$service/"
  printf 'postgres://authority:%s@postgres:5432/authority' "$owner" > "$out/migrate/$service/migration-database-url"
done
secret > "$out/operator/client_secret"
cp "$out/operator/client_secret" "$out/migrate/token/operator-secret"

mkdir -p "$out/postgres" "$out/redis"
printf '%s' "$owner" > "$out/postgres/password"
printf 'requirepass %s\nmaxmemory-policy noeviction\nappendonly yes\n' "$cache" > "$out/redis/redis.conf"

# The stores' images bring users of their own, whose numbers differ: these two files are readable inside their volumes.
chmod 755 "$out/postgres" "$out/redis"
chmod 444 "$out/postgres/password" "$out/redis/redis.conf"
for folder in $services operator migrate; do
  [ "$(id -u)" -ne 0 ] || chown -R "$uid:$uid" "$out/$folder"
done
: > "$out/operator/ready"
echo "certificates and secrets are made; they live $days days"
