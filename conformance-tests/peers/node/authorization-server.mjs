// An authorization server, oidc-provider 9.13.3, for the tests of both sides. It prints its issuer to standard error.
//
//     node authorization-server.mjs [--opaque] [--client-jwk JSON]
//
// Access tokens are for the resource that the client names (RFC 8707), any URL of this machine: JWTs (RFC 9068), or
// with --opaque tokens that the resource server introspects (RFC 7662). They may be bound to a key with DPoP, whose
// proofs need a nonce of this server. PKCE is required, and any client may register.
//
// Clients: `service` with the secret "service-secret", for its own tokens; `service-key` likewise with the key of
// --client-jwk; `resource-server` with the secret "resource-secret", which may introspect.
//
// A user is asked nothing: who opens the authorization URL with a browser that keeps cookies is "ada", and returns to
// the client at once. The first time is a redirect to /interaction/…, as with a page for the log-in.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import http from 'node:http';
import { json } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

import { Provider } from 'oidc-provider';

import './listening.mjs';

const { values } = parseArgs({ options: { opaque: { type: 'boolean', default: false }, 'client-jwk': { type: 'string' } } });
const SCOPES = ['files:read', 'files:write'];

function privateJwk(type, options, more) {
    return { ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...more };
}

const service = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope: SCOPES.join(' ') };
const clients = [
    { ...service, client_id: 'service', client_secret: 'service-secret' },
    { ...service, client_id: 'resource-server', client_secret: 'resource-secret', grant_types: [], scope: undefined }
];
if (values['client-jwk'] !== undefined) {
    clients.push({
        ...service,
        client_id: 'service-key',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [JSON.parse(values['client-jwk'])] }
    });
}

/** Allows tokens for the servers of the tests, all of which are on this machine. */
async function resourceServer(_, resource) {
    if (new URL(resource).hostname !== '127.0.0.1') throw new Error(`${resource} is not known`);
    return {
        scope: SCOPES.join(' '),
        audience: resource,
        accessTokenTTL: 600,
        accessTokenFormat: values.opaque ? 'opaque' : 'jwt',
        ...(!values.opaque && { jwt: { sign: { alg: 'RS256' } } })
    };
}

/** Grants what a client asks for, in the name of ada. */
async function finishInteraction(provider, request, response) {
    const { grantId, prompt, params } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
        await provider.interactionFinished(request, response, { login: { accountId: 'ada' } });
        return;
    }
    const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: 'ada', clientId: params.client_id });
    const { missingOIDCScope = [], missingResourceScopes = {} } = prompt.details;
    if (missingOIDCScope.length > 0) grant.addOIDCScope(missingOIDCScope.join(' '));
    for (const [resource, scopes] of Object.entries(missingResourceScopes)) grant.addResourceScope(resource, scopes.join(' '));
    await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

function provider(issuer) {
    const provider = new Provider(issuer, {
        clients,
        scopes: ['openid', 'offline_access', ...SCOPES],
        jwks: { keys: [privateJwk('rsa', { modulusLength: 2048 }, { kid: 'rsa' })] },
        cookies: { keys: [randomBytes(16).toString('hex')] },
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
        interactions: { url: (_, { uid }) => `/interaction/${uid}` },
        pkce: { required: () => true },
        clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
        rotateRefreshToken: true,
        features: {
            devInteractions: { enabled: false },
            clientCredentials: { enabled: true },
            introspection: { enabled: true, allowedPolicy: (_, client) => client.clientId === 'resource-server' },
            revocation: { enabled: true },
            registration: { enabled: true },
            dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
            resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer, useGrantedResource: () => true }
        }
    });
    // Other SDKs register with the scopes that they need first, and ask for more later.
    provider.use(async (context, next) => {
        if (context.method === 'POST' && context.path === '/reg') {
            const { scope, ...metadata } = await json(context.req);
            context.req.body = metadata;
        }
        return next();
    });
    provider.use(async (context, next) => {
        if (!context.path.startsWith('/interaction/')) return next();
        await finishInteraction(provider, context.req, context.res);
        context.respond = false;
    });
    provider.on('server_error', (_, error) => console.error(error));
    return provider;
}

// The issuer has the port, which is known when the server listens. Nobody knows the URL before.
const server = http.createServer((request, response) => {
    handler ??= provider(`http://127.0.0.1:${server.address().port}`).callback();
    handler(request, response);
});
let handler;
server.listen(0, '127.0.0.1');
