<?php
/** The order a write-back is about, found by its whole identity: an order_sn can be given out again after a deletion. */
class ErpSync_OrderRow
{
    /** @return array order_id, order_sn, add_time as the call says */
    public static function identity(ErpSync_ApiFields $body)
    {
        $order = $body->object('order', array('order_id', 'order_sn', 'add_time'));
        return array(
            'order_id' => $order->id('order_id'),
            'order_sn' => $order->text('order_sn', 0, 60),
            'add_time' => $order->rawTime('add_time'),
        );
    }

    /**
     * @return array the row of order_info
     * @throws ErpSync_ApiProblem not-found, identity-mismatch
     */
    public static function find(ErpSync_Db $db, array $identity)
    {
        $row = $db->row('SELECT * FROM {order_info} WHERE order_id = ?', array($identity['order_id']));
        if ($row === null) {
            throw new ErpSync_ApiProblem(
                'not-found',
                'The shop has no such order.',
                'It was deleted or merged in the shop; a tombstone tells of that.',
                'order.order_id'
            );
        }
        if (ErpSync_Text::clean($row['order_sn']) !== $identity['order_sn']
            || (int) $row['add_time'] !== $identity['add_time']) {
            throw new ErpSync_ApiProblem(
                'identity-mismatch',
                'The shop has another order under this id.',
                'Compare order_sn and add_time with the order\'s newest snapshot.',
                'order'
            );
        }
        return $row;
    }
}
