DELETE FROM {schema}.parked_events
WHERE projection = $1 AND (position_epoch, position) >= ($2, $3) AND (position_epoch, position) <= ($4, $5)
