<?php
/** Snapshots and tombstones of things, as events of webhook contract v1. */
class ErpSync_Events
{
    /** Of the hash that an event carries; another function needs another number. */
    const HASH_VERSION = 1;

    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Source */
    private $source;
    /** @var array kind => what reads it */
    private $readers;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
        $this->source = new ErpSync_Source($app);
        $this->readers = array(
            'order' => new ErpSync_OrderSnapshot($this->source),
            'customer' => new ErpSync_CustomerSnapshot($this->source),
            'return' => new ErpSync_ReturnSnapshot($this->source),
            'ticket' => new ErpSync_TicketSnapshot($this->source),
        );
    }

    /**
     * @param string $kind order, customer, return or ticket
     * @param int|string|null $stamp the raw time of its identity; null for whatever has the id now
     * @param bool $isSent whether the relay asks
     * @return array is: event (with event and stamp), not-ready or gone
     */
    public function snapshot($kind, $id, $stamp = null, $isSent = false)
    {
        $found = $this->snapshots($kind, array($id), $isSent);
        $one = $found[$id];
        $isOther = $stamp !== null && isset($one['stamp']) && (int) $stamp !== $one['stamp'];
        return $isOther ? array('is' => 'gone') : $one;
    }

    /**
     * The same for many of a kind at once, in a handful of queries for all of them.
     * @return array id => as snapshot() has it
     */
    public function snapshots($kind, array $ids, $isSent = false)
    {
        // Every number is drawn before the first row is read: content may be newer than its number, never older.
        $versions = $this->versions($ids);
        $things = $this->readers[$kind]->read($ids);
        $ready = array();
        $found = array();
        foreach ($ids as $id) {
            if (!isset($things[$id])) {
                $found[$id] = array('is' => 'gone');
            } elseif ($things[$id]['snapshot'] === null) {
                $found[$id] = array('is' => 'not-ready', 'stamp' => $things[$id]['stamp']);
            } else {
                $ready[$id] = $things[$id];
                $found[$id] = array(
                    'is' => 'event',
                    'stamp' => $things[$id]['stamp'],
                    'event' => $this->event($kind . '.snapshot', $versions[$id], 'snapshot', $things[$id]['snapshot']),
                );
            }
        }
        $historyUntil = $isSent ? 0 : ErpSync_Comparison::historyUntil($this->app);
        $this->source->seen->remember($kind, $ready, $isSent, $historyUntil);
        return $found;
    }

    /**
     * @param array $payload what is known of the deletion: for an order order_sn, order_status and rec_ids, for a return
     *   order_id, each if known
     * @return array event
     */
    public function tombstone($kind, $id, $stamp, array $payload)
    {
        $versions = $this->versions(array($id));
        $head = ErpSync_Kinds::head($kind);
        $tombstone = array($head['id'] => (string) $id, $head['stamp'] => (int) $stamp);
        $seen = $this->source->seen->find($kind, $id, $stamp);
        $no = $seen === null ? '' : $seen['no'];
        $recIds = array();
        if ($kind === 'return') {
            $known = isset($payload['order_id']) ? (string) $payload['order_id'] : $no;
            $tombstone['order_id'] = $known === '' ? '0' : $known;
            $no = $tombstone['order_id'];
        } elseif ($kind === 'order') {
            $no = isset($payload['order_sn']) && $payload['order_sn'] !== ''
                ? ErpSync_Text::clean($payload['order_sn'])
                : $no;
            $recIds = ErpSync_Seen::ids(array_merge(
                isset($payload['rec_ids']) ? $payload['rec_ids'] : array(),
                $seen === null ? array() : $seen['rec_ids']
            ));
            $tombstone['order_sn'] = $no;
            $tombstone['rec_ids'] = $recIds;
            $tombstone['order_status'] = isset($payload['order_status']) ? (int) $payload['order_status'] : null;
            $merges = new ErpSync_Merges($this->source->db, $this->source->seen);
            $successor = $merges->successor($id, $stamp, $no, $recIds);
            if ($successor !== null) {
                $tombstone['merged_into'] = $successor;
            }
        }
        $this->source->seen->markGone($kind, $id, $stamp, $no, $recIds);
        return $this->event($kind . '.deleted', $versions[$id], 'tombstone', $tombstone);
    }

    /**
     * The tombstone of something that was deleted, from what the bridge remembers.
     * @param int|string|null $stamp null for the identity that had the id last
     * @return array|null event; null if it is there, or was never heard of
     */
    public function gone($kind, $id, $stamp = null)
    {
        $head = ErpSync_Kinds::head($kind);
        $there = $this->app->db->value(
            'SELECT ' . $head['stamp'] . ' FROM {' . $head['table'] . '} WHERE ' . $head['id'] . ' = ? AND '
            . ErpSync_Kinds::where($kind),
            array($id)
        );
        if ($there !== null && ($stamp === null || (int) $there === (int) $stamp)) {
            return null;
        }
        $told = $this->app->db->row(
            'SELECT stamp, payload FROM {erpsync_outbox} WHERE kind = ? AND thing_id = ? AND deleted = 1'
            . ($stamp === null ? '' : ' AND stamp = ?') . ' ORDER BY seq DESC LIMIT 1',
            $stamp === null ? array($kind, $id) : array($kind, $id, $stamp)
        );
        if ($told !== null) {
            $payload = json_decode((string) $told['payload'], true);
            return $this->tombstone($kind, $id, $told['stamp'], is_array($payload) ? $payload : array());
        }
        $seen = $this->source->seen->find($kind, $id, $stamp);
        return $seen === null ? null : $this->tombstone($kind, $id, $seen['stamp'], array());
    }

    /**
     * @param int|string $after the id before the first
     * @param int|string $since raw time: of that or later
     * @return array ids, rising
     */
    public function page($kind, $after, $limit, $since = 0)
    {
        $head = ErpSync_Kinds::head($kind);
        return $this->app->db->column(
            'SELECT ' . $head['id'] . ' FROM {' . $head['table'] . '} WHERE ' . $head['id'] . ' > ? AND ' . $head['stamp']
            . ' >= ? AND ' . ErpSync_Kinds::where($kind) . ' ORDER BY ' . $head['id'] . ' LIMIT ' . (int) $limit,
            array($after, $since)
        );
    }

    /**
     * What a poller compares, made by the server: one query per table for all of them.
     * @return array id => MD5 over every column that a snapshot takes; without those that are not there
     */
    public function digests($kind, array $ids)
    {
        return $this->readers[$kind]->digests($ids);
    }

    /** In one transaction, so that a page of a hundred waits for the disk once. It is over before a row is read. */
    private function versions(array $ids)
    {
        $epoch = $this->app->state->get('epoch');
        $versions = array();
        $this->app->db->exec('START TRANSACTION');
        foreach ($ids as $id) {
            $versions[$id] = array('epoch' => $epoch, 'seq' => $this->app->counter->draw());
        }
        $this->app->db->exec('COMMIT');
        return $versions;
    }

    private function event($type, array $version, $name, array $content)
    {
        return array(
            'type' => $type,
            'version' => $version,
            'hash' => hash('sha256', json_encode($content)),
            'hashVersion' => self::HASH_VERSION,
            $name => $content,
        );
    }
}
