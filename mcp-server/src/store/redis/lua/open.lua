-- What a connection must know: about the server, and where a stream ends.
local stream, field = KEYS[5], ARGV[1]

local server = redis.call('INFO', 'server')
local version = string.match(server, 'redis_version:([%w.-]+)') or ''
local run = string.match(server, 'run_id:(%w+)') or ''
if (tonumber(string.match(version, '^%d+')) or 0) < 7 then
    return {version, run, '', '', '', ''}
end
local role = string.match(redis.call('INFO', 'replication'), 'role:(%w+)') or ''
if role ~= 'master' then
    return {version, run, role, '', '', ''}
end
local policy = string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)') or ''
local first = epoch(stream, field)
local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
return {
    version, run, role, policy, redis.call('HGET', meta, 'format'),
    last and last[1] or first .. '-0',
}
