-- The requests of many clients in turn, and what came of them as one line of JSON.
-- Arguments: a file of raw requests, each ended by a NUL; where one says @@@@@@@@, a number of its own stands instead.
local before, after, turn, serial = {}, {}, 0, 0

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    for raw in file:read("*a"):gmatch("([^%z]+)%z") do
        local from, to = raw:find("@@@@@@@@", 1, true)
        before[#before + 1] = from and raw:sub(1, from - 1) or raw
        after[#after + 1] = from and raw:sub(to + 1) or false
    end
    file:close()
    serial = os.time() % 10000 * 1000000000
end

function request()
    turn = turn % #before + 1
    if not after[turn] then
        return before[turn]
    end
    serial = serial + 1
    return string.format("%s%016d%s", before[turn], serial, after[turn])
end

function done(summary)
    local failed = summary.errors
    io.write(string.format(
        '{"requests": %d, "seconds": %.6f, "bytes": %d, "failed": %d}\n',
        summary.requests, summary.duration / 1e6, summary.bytes,
        failed.connect + failed.read + failed.write + failed.status + failed.timeout
    ))
end
