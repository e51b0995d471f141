<?php
/** Returns as the webhook contract has them: a row of `back_order` with its goods. */
class ErpSync_ReturnSnapshot extends ErpSync_Snapshots
{
    /** @return array id => stamp, no (the order's id), status, rec_ids, digest, and snapshot: null if it is not ready */
    public function read(array $ids)
    {
        $tables = $this->tables($ids, false);
        $returns = array();
        $orderIds = array();
        foreach (ErpSync_Rows::digests($tables) as $id => $digest) {
            $snapshot = $this->head($tables[0][$id][0]);
            foreach (self::rowsOf($tables[1], $id) as $row) {
                $snapshot['lines'][] = $this->line($row);
            }
            $orderIds[] = $snapshot['order_id'];
            $returns[$id] = array(
                'stamp' => $snapshot['return_time'],
                'no' => $snapshot['order_id'],
                'status' => null,
                'rec_ids' => array(),
                'digest' => $digest,
                'snapshot' => $snapshot,
            );
        }
        $orders = $this->source->orders($orderIds);
        $sold = $this->sold($orders);
        foreach ($returns as $id => $return) {
            $returns[$id]['snapshot'] = $return['snapshot']['lines'] === array()
                ? null
                : $this->joined($return['snapshot'], $orders, $sold);
        }
        return $returns;
    }

    protected function tables(array $ids, $bare)
    {
        return array(
            $this->source->rows->of('back_order', 'back_id', $ids, array('bare' => $bare, 'order' => 't.back_id')),
            $this->source->rows->of('back_goods', 'back_id', $ids, array('bare' => $bare, 'order' => 't.rec_id')),
        );
    }

    private function head(ErpSync_Row $row)
    {
        $head = $row->each('id', array('back_id', 'order_id', 'shipping_id', 'user_id'))
            + $row->each('int', array('return_time', 'status'))
            + $row->each('text', array(
                'order_sn', 'delivery_sn', 'invoice_no', 'shipping_name', 'action_user', 'consignee', 'address', 'tel',
                'mobile', 'email', 'postscript',
            )) + $this->source->regions($row);
        if ($head['shipping_name'] === '') {
            $head['shipping_name'] = $this->source->methods->shippingName($head['shipping_id']);
        }
        return $head + array(
            'returned_at' => $this->source->time()->instant($head['return_time']),
            'order_add_time' => null,
            'lines' => array(),
        ) + $row->rest();
    }

    private function line(ErpSync_Row $row)
    {
        return $row->each('id', array('rec_id', 'goods_id', 'product_id'))
            + $row->each('text', array('product_sn', 'goods_sn', 'goods_name', 'goods_attr'))
            + $row->each('int', array('is_real', 'send_number'))
            + array('order_rec_ids' => array()) + $row->rest();
    }

    /** @return array order id => "goods/product" => rec_ids, members of packages among them */
    private function sold(array $orders)
    {
        $sold = array();
        $packages = array();
        $orderOf = array();
        $hasSkus = in_array('product_id', $this->source->columns->of('order_goods'), true);
        foreach ($orders === array() ? array() : $this->source->db->rows(
            'SELECT rec_id, order_id, goods_id, extension_code, ' . ($hasSkus ? 'product_id' : '0 AS product_id')
            . ' FROM {order_goods} WHERE order_id IN (?) ORDER BY rec_id',
            array(array_keys($orders))
        ) as $line) {
            if ($line['extension_code'] === 'package_buy') {
                $packages[$line['rec_id']] = $line['goods_id'];
                $orderOf[$line['rec_id']] = $line['order_id'];
            } else {
                $sold[$line['order_id']][$line['goods_id'] . '/' . $line['product_id']][] = $line['rec_id'];
            }
        }
        foreach ($this->source->packages->ofLines($packages) as $recId => $members) {
            foreach ($members as $member) {
                $sold[$orderOf[$recId]][$member['goods_id'] . '/' . $member['product_id']][] = (string) $recId;
            }
        }
        return $sold;
    }

    private function joined(array $return, array $orders, array $sold)
    {
        $id = $return['order_id'];
        // The number tells whether it is the order that was returned, or a later one with its id.
        if (!isset($orders[$id]) || $orders[$id]['order_sn'] !== $return['order_sn']) {
            return $return;
        }
        $return['order_add_time'] = $orders[$id]['add_time'];
        foreach ($return['lines'] as $index => $line) {
            $goods = $line['goods_id'] . '/' . $line['product_id'];
            if (isset($sold[$id][$goods])) {
                $return['lines'][$index]['order_rec_ids'] = $sold[$id][$goods];
            }
        }
        return $return;
    }
}
