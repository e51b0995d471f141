<?php
/** Orders as the webhook contract has them: a row of `order_info` with its lines, delivery notes and payments. */
class ErpSync_OrderSnapshot extends ErpSync_Snapshots
{
    private static $texts = array(
        'order_sn', 'consignee', 'address', 'zipcode', 'tel', 'mobile', 'email', 'best_time', 'sign_building', 'postscript',
        'shipping_name', 'pay_name', 'how_oos', 'how_surplus', 'pack_name', 'card_name', 'card_message', 'inv_type',
        'inv_payee', 'inv_content', 'referer', 'invoice_no', 'extension_code', 'to_buyer', 'pay_note',
    );
    private static $ids = array('order_id', 'user_id', 'shipping_id', 'pay_id', 'extension_id', 'agency_id');
    private static $ints = array(
        'order_status', 'shipping_status', 'pay_status', 'add_time', 'confirm_time', 'pay_time', 'shipping_time', 'integral',
    );
    private static $money = array(
        'goods_amount', 'shipping_fee', 'insure_fee', 'pay_fee', 'pack_fee', 'card_fee', 'tax', 'discount', 'bonus',
        'integral_money', 'surplus', 'money_paid', 'order_amount',
    );

    /** @var ErpSync_Merges */
    private $merges;
    /** @var ErpSync_Refunds */
    private $refunds;

    public function __construct(ErpSync_Source $source)
    {
        parent::__construct($source);
        $this->merges = new ErpSync_Merges($source->db, $source->seen);
        $this->refunds = new ErpSync_Refunds($source->db);
    }

    public function digests(array $ids)
    {
        return self::withRefunds(parent::digests($ids), $this->refunds->of($ids));
    }

    /** ECShop writes a credit after the order in one request: whoever read between the two finds it by this. */
    private static function withRefunds(array $digests, array $refunds)
    {
        foreach (array_intersect_key($refunds, $digests) as $id => $ofOrder) {
            $digests[$id] = md5($digests[$id] . json_encode($ofOrder));
        }
        return $digests;
    }

    /**
     * @return array id => stamp, no, status, rec_ids, digest, and snapshot: null if it is not ready. Orders that are not
     *   there are left out.
     */
    public function read(array $ids)
    {
        $tables = $this->tables($ids, false);
        $refunds = $this->refunds->of($ids);
        $orders = array();
        foreach (self::withRefunds(ErpSync_Rows::digests($tables), $refunds) as $id => $digest) {
            $orders[$id] = $this->order($tables, $id, $digest);
        }
        $memory = $this->source->seen->lines(self::all($orders, 'rec_ids'));
        $unfinished = $this->merges->settle($orders, $memory);
        foreach ($orders as $id => $order) {
            if ($order['rec_ids'] === array() || isset($unfinished[$id])) {
                $orders[$id]['snapshot'] = null;
            } elseif (isset($refunds[$id])) {
                $orders[$id]['snapshot']['refunds'] = $this->told($refunds[$id]);
            }
        }
        return $this->joined($orders, $memory);
    }

    /** The heads first: an order that is deleted a moment later has no lines then, and is not ready. */
    protected function tables(array $ids, $bare)
    {
        $rows = $this->source->rows;
        return array(
            $rows->of('order_info', 'order_id', $ids, array('bare' => $bare, 'order' => 't.order_id')),
            $rows->of('order_goods', 'order_id', $ids, array('bare' => $bare, 'order' => 't.rec_id')),
            $rows->of('delivery_order', 'order_id', $ids, array('bare' => $bare, 'order' => 't.delivery_id')),
            $rows->of('delivery_goods', 'd.order_id', $ids, array(
                'bare' => $bare,
                'join' => 'JOIN {delivery_order} d ON d.delivery_id = t.delivery_id',
                'order' => 't.rec_id',
            )),
            $rows->of('pay_log', 'order_id', $ids, array(
                'bare' => $bare,
                'and' => 't.order_type = 0',
                'order' => 't.log_id',
            )),
            // For the digest: nothing in the order tells when its group-buy succeeds.
            $rows->of('goods_activity', 'o.order_id', $ids, array(
                'bare' => true,
                'join' => "JOIN {order_info} o ON o.extension_id = t.act_id AND o.extension_code = 'group_buy'",
                'order' => 't.act_id',
            )),
        );
    }

    /** What the order's own rows say. */
    private function order(array $tables, $id, $digest)
    {
        list($heads, $lines, $notes, $noteLines, $payments) = $tables;
        $snapshot = $this->head($heads[$id][0]);
        $snapshot['lines'] = array();
        foreach (self::rowsOf($lines, $id) as $row) {
            $snapshot['lines'][] = $this->line($row);
        }
        $snapshot['deliveries'] = $this->deliveries(
            self::rowsOf($notes, $id),
            self::rowsOf($noteLines, $id)
        );
        $snapshot['payments'] = array();
        foreach (self::rowsOf($payments, $id) as $row) {
            $snapshot['payments'][] = $row->each('id', array('log_id')) + $row->each('money', array('order_amount'))
                + $row->each('int', array('order_type', 'is_paid')) + $row->rest();
        }
        return array(
            'stamp' => $snapshot['add_time'],
            'no' => $snapshot['order_sn'],
            'status' => $snapshot['order_status'],
            'rec_ids' => self::column($snapshot['lines'], 'rec_id'),
            'digest' => $digest,
            // The contract's own names win over columns that a merchant called so.
            'snapshot' => $snapshot,
        );
    }

    private function head(ErpSync_Row $row)
    {
        $time = $this->source->time();
        $methods = $this->source->methods;
        $head = $row->each('id', self::$ids) + $row->each('int', self::$ints) + $row->each('text', self::$texts)
            + $row->each('money', self::$money) + $this->source->regions($row);
        return $head + array(
            'user_name' => '',
            'added_at' => $time->instant($head['add_time']),
            'confirmed_at' => $time->instant($head['confirm_time']),
            'paid_at' => $time->instant($head['pay_time']),
            'shipped_at' => $time->instant($head['shipping_time']),
            'shipping_code' => $methods->shippingCode($head['shipping_id']),
            'pay_code' => $methods->payCode($head['pay_id']),
            'is_cod' => $methods->isCod($head['pay_id']),
            'currency' => $this->source->currency(),
        ) + array_diff_key($row->rest(), array(
            'lines' => 1, 'deliveries' => 1, 'payments' => 1, 'group_buy' => 1, 'merged_from' => 1, 'refunds' => 1,
        ));
    }

    private function told(array $found)
    {
        $refunds = array();
        foreach ($found as $refund) {
            $told = $refund + array('refunded_at' => $this->source->time()->instant($refund['change_time']));
            if ($told['note'] === '') {
                unset($told['note']);
            }
            $refunds[] = $told;
        }
        return $refunds;
    }

    private function line(ErpSync_Row $row)
    {
        return $row->each('id', array('rec_id', 'goods_id', 'product_id', 'parent_id', 'is_gift'))
            + $row->each('text', array('goods_name', 'goods_sn', 'goods_attr', 'goods_attr_id', 'extension_code'))
            + $row->each('int', array('goods_number', 'send_number', 'is_real'))
            + $row->each('money', array('market_price', 'goods_price'))
            + array('product_sn' => '')
            + array_diff_key($row->rest(), array('package_goods' => 1));
    }

    private function deliveries(array $notes, array $noteLines)
    {
        $lines = array();
        foreach ($noteLines as $row) {
            $lines[$row->id('delivery_id')][] = $row->each('id', array('goods_id', 'product_id', 'parent_id'))
                + $row->each('text', array('product_sn', 'extension_code')) + $row->each('int', array('send_number'))
                + $row->rest();
        }
        $deliveries = array();
        foreach ($notes as $row) {
            $id = $row->id('delivery_id');
            $deliveries[] = array(
                'delivery_id' => $id,
                'updated_at' => $this->source->time()->instant($row->int('update_time')),
                'lines' => self::rowsOf($lines, $id),
            ) + $row->each('text', array('delivery_sn', 'invoice_no', 'shipping_name')) + $row->each('int', array('status'))
                + $row->each('id', array('shipping_id')) + $row->rest();
        }
        return $deliveries;
    }

    /** Adds what stands in other tables, and writes down what the shop may forget. */
    private function joined(array $orders, array $memory)
    {
        $ready = array();
        foreach ($orders as $id => $order) {
            if ($order['snapshot'] !== null) {
                $ready[$id] = $order['snapshot'];
            }
        }
        $lines = self::all($ready, 'lines');
        $noteLines = self::all(self::all($ready, 'deliveries'), 'lines');
        $products = array_merge(self::column($lines, 'product_id'), self::column($noteLines, 'product_id'));
        $codes = $this->source->texts('product_id', 'product_sn', 'products', $products);
        $members = $this->source->packages->members(self::packages($lines), $memory);
        $names = $this->source->texts('user_id', 'user_name', 'users', self::column($ready, 'user_id'));
        $groupBuys = $this->groupBuys($ready);
        $stamps = array();
        foreach ($ready as $id => $snapshot) {
            $stamps[$id] = $snapshot['add_time'];
        }
        $predecessors = $this->merges->predecessors($stamps);

        $kept = array();
        foreach ($ready as $id => $snapshot) {
            if (isset($names[$snapshot['user_id']])) {
                $snapshot['user_name'] = $names[$snapshot['user_id']];
            }
            foreach ($snapshot['lines'] as $index => $line) {
                $recId = $line['rec_id'];
                $code = isset($codes[$line['product_id']]) ? $codes[$line['product_id']] : '';
                // ECShop makes SKU rows anew when their attributes are edited, and the line points to none.
                $line['product_sn'] = $code === '' && $line['product_id'] !== '0' && isset($memory[$recId])
                    ? $memory[$recId]['product_sn']
                    : $code;
                if (isset($members[$recId])) {
                    $line['package_goods'] = $members[$recId];
                }
                $snapshot['lines'][$index] = $line;
                $kept[$recId] = array(
                    'order_id' => $id,
                    'product_sn' => $line['product_sn'],
                    'package_goods' => isset($members[$recId]) ? $members[$recId] : null,
                );
            }
            foreach ($snapshot['deliveries'] as $note => $delivery) {
                foreach ($delivery['lines'] as $index => $line) {
                    if ($line['product_sn'] === '' && isset($codes[$line['product_id']])) {
                        $snapshot['deliveries'][$note]['lines'][$index]['product_sn'] = $codes[$line['product_id']];
                    }
                }
            }
            if ($snapshot['extension_code'] === 'group_buy' && isset($groupBuys[$snapshot['extension_id']])) {
                $snapshot['group_buy'] = $groupBuys[$snapshot['extension_id']];
            }
            if (isset($predecessors[$id])) {
                $snapshot['merged_from'] = $predecessors[$id];
            }
            $orders[$id]['snapshot'] = $snapshot;
        }
        $this->source->seen->keepLines($kept, $memory);
        return $orders;
    }

    private function groupBuys(array $snapshots)
    {
        $ids = array();
        foreach ($snapshots as $snapshot) {
            if ($snapshot['extension_code'] === 'group_buy') {
                $ids[$snapshot['extension_id']] = $snapshot['extension_id'];
            }
        }
        $groupBuy = new ErpSync_GroupBuy($this->source->db);
        return $groupBuy->of($ids, $this->source->time()->toRaw(time()));
    }

    /** @return array rec_id => package id */
    private static function packages(array $lines)
    {
        $packages = array();
        foreach ($lines as $line) {
            if ($line['extension_code'] === 'package_buy') {
                $packages[$line['rec_id']] = $line['goods_id'];
            }
        }
        return $packages;
    }

    /** @return array the lists that each has under a name, in one list */
    private static function all(array $each, $name)
    {
        $all = array();
        foreach ($each as $one) {
            foreach ($one[$name] as $item) {
                $all[] = $item;
            }
        }
        return $all;
    }

    private static function column(array $rows, $name)
    {
        $values = array();
        foreach ($rows as $row) {
            $values[] = $row[$name];
        }
        return $values;
    }
}
