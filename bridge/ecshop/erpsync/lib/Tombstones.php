<?php
/** Writes deletions into the outbox, with all that is still known of what is gone. Only under the lock `collect`. */
class ErpSync_Tombstones
{
    /** @var ErpSync_Db */
    private $db;
    /** @var ErpSync_Outbox */
    private $outbox;
    /** @var ErpSync_Seen */
    private $seen;

    public function __construct(ErpSync_App $app)
    {
        $this->db = $app->db;
        $this->outbox = $app->outbox;
        $this->seen = new ErpSync_Seen($app->db);
    }

    /**
     * @param array $gone kind, thing_id, stamp; of an order no and status (null = inferred), of a return from_id (its order)
     * @param array $recIds lines of the order that were just deleted or moved
     * @param bool $idIsFree nothing else has its id now: lines under it are its own
     */
    public function put(array $gone, array $recIds, $idIsFree, $now)
    {
        $kind = $gone['kind'];
        $id = $gone['thing_id'];
        $no = '';
        if ($kind === 'order') {
            $recIds = $this->lines($id, $gone['stamp'], $recIds, $idIsFree);
            $no = $gone['no'];
            $payload = array(
                'order_id' => (string) $id,
                'order_sn' => $no,
                'add_time' => (int) $gone['stamp'],
                'rec_ids' => $recIds,
                'order_status' => $gone['status'] === null ? null : (int) $gone['status'],
            );
        } else {
            $recIds = array();
            $head = ErpSync_Kinds::head($kind);
            $payload = array($head['id'] => (string) $id, $head['stamp'] => (int) $gone['stamp']);
            if ($kind === 'return') {
                $no = (string) $gone['from_id'];
                $payload['order_id'] = $no;
            }
        }
        $this->seen->markGone($kind, $id, $gone['stamp'], $no, $recIds);
        $this->outbox->deleted($kind, $id, (int) $gone['stamp'], $payload, $now);
    }

    private function lines($id, $stamp, array $recIds, $idIsFree)
    {
        $known = $this->seen->find('order', $id, $stamp);
        if ($known !== null) {
            $recIds = array_merge($recIds, $known['rec_ids']);
        }
        if ($idIsFree) {
            $recIds = array_merge(
                $recIds,
                $this->db->column('SELECT rec_id FROM {erpsync_line} WHERE order_id = ? OR from_id = ?', array($id, $id)),
                // ECShop deletes the head first.
                $this->db->column('SELECT rec_id FROM {order_goods} WHERE order_id = ?', array($id))
            );
        }
        return ErpSync_Seen::ids($recIds);
    }

    /** Lines whose end was seen only after their order's: the tombstone goes again if it lacks them. */
    public function complete($orderId, array $recIds, $now)
    {
        $row = $this->db->row(
            'SELECT stamp, payload FROM {erpsync_outbox} WHERE kind = ? AND thing_id = ? AND deleted = 1 ORDER BY seq DESC LIMIT 1',
            array('order', $orderId)
        );
        $payload = $row === null ? null : json_decode((string) $row['payload'], true);
        if (!is_array($payload)) {
            return;
        }
        $all = ErpSync_Seen::ids(array_merge($payload['rec_ids'], $recIds));
        if ($all !== $payload['rec_ids']) {
            $payload['rec_ids'] = $all;
            $this->seen->markGone('order', $orderId, $row['stamp'], $payload['order_sn'], $all);
            $this->outbox->deleted('order', $orderId, (int) $row['stamp'], $payload, $now);
        }
    }

    /** The same thing is back: its deletion never was, and told of already it must not hide the next one from a comparison. */
    public function revoke($kind, $id, $stamp)
    {
        $this->db->exec(
            'DELETE FROM {erpsync_outbox} WHERE kind = ? AND thing_id = ? AND deleted = 1 AND stamp = ?',
            array($kind, $id, $stamp)
        );
    }

    /** There is nothing left to take a snapshot of. */
    public function clearSnapshot($kind, $id)
    {
        $this->db->exec(
            'UPDATE {erpsync_outbox} SET state = ?, problem = NULL WHERE kind = ? AND thing_id = ? AND deleted = 0 AND state <> ?',
            array(ErpSync_Outbox::RELAYED, $kind, $id, ErpSync_Outbox::RELAYED)
        );
    }
}
