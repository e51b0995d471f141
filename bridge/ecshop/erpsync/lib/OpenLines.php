<?php
/**
 * What the shop owes of its SKUs: the order lines that are open, and those of orders that stopped being open within a
 * day, because an ERP may not have heard of it yet (protocol: stock).
 */
class ErpSync_OpenLines
{
    const RECENT = 86400;
    /** Not cancelled, void or returned, and not wholly shipped or received. */
    const OPEN = '(o.order_status NOT IN (2, 3, 4) AND o.shipping_status NOT IN (1, 2))';
    /** So many at a time: reading locks MyISAM's tables against checkouts. */
    const GOODS_AT_ONCE = 200;
    const ORDERS_AT_ONCE = 5000;

    /** @var ErpSync_App */
    private $app;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
    }

    /**
     * @param array $skus of ErpSync_Skus
     * @return array key() of each => its lines as the contract has them, by order and rec_id
     */
    public function of(array $skus)
    {
        $lines = array();
        $goods = array(); // goods_id => whether it has SKU rows
        foreach ($skus as $sku) {
            $lines[self::key($sku['goods_id'], $sku['product_id'])] = array();
            $goods[$sku['goods_id']] = $sku['product_id'] !== '0';
        }
        if ($skus === array()) {
            return $lines;
        }
        $rows = array();
        foreach (array_chunk(array_keys($goods), self::GOODS_AT_ONCE) as $some) {
            $rows = array_merge($rows, $this->rows($some, self::OPEN, array()));
        }
        foreach (array_chunk(array_keys($this->recentlyChanged()), self::ORDERS_AT_ONCE) as $orders) {
            $rows = array_merge(
                $rows,
                $this->rows(array_keys($goods), 'NOT ' . self::OPEN . ' AND og.order_id IN (?)', array($orders))
            );
        }
        usort($rows, array('ErpSync_OpenLines', 'byLine'));
        $shipped = $this->shipped($rows, $goods);
        foreach ($rows as $row) {
            $key = self::keyOf($row, $goods);
            if (!isset($lines[$key])) {
                continue;
            }
            $pool = $row['order_id'] . '/' . $key;
            $quantity = (int) $row['quantity'];
            // Notes name goods and product but no line: lines of one SKU share what left, in the order of rec_id.
            $out = isset($shipped[$pool]) ? min($quantity, $shipped[$pool]) : 0;
            if ($out > 0) {
                $shipped[$pool] -= $out;
            }
            $lines[$key][] = array(
                'order_id' => $row['order_id'],
                'order_sn' => ErpSync_Text::clean($row['order_sn']),
                'add_time' => (int) $row['add_time'],
                'rec_id' => $row['rec_id'],
                'quantity' => $quantity,
                'shipped' => $out,
                'open' => $row['is_open'] === '1',
            );
        }
        return $lines;
    }

    public static function key($goodsId, $productId)
    {
        return $goodsId . '-' . $productId;
    }

    /** @return string of the quantity and the open lines: it differs as soon as one of them does */
    public static function digest($quantity, array $lines)
    {
        $parts = array($quantity);
        foreach ($lines as $line) {
            if ($line['open']) {
                $parts[] = $line['order_id'] . ',' . $line['rec_id'] . ',' . $line['quantity'] . ',' . $line['shipped'];
            }
        }
        return md5(implode(';', $parts));
    }

    /**
     * Goods without SKU rows own every line of theirs, whatever product_id an older edition of them left there. A line
     * that names no SKU of goods that have some belongs to none.
     */
    private static function keyOf(array $row, array $goods)
    {
        return self::key($row['goods_id'], $goods[$row['goods_id']] ? (string) $row['product_id'] : '0');
    }

    /** @return array lines of these goods, those of packages multiplied out */
    private function rows(array $goodsIds, $condition, array $values)
    {
        $db = $this->app->db;
        $columns = 'SELECT og.order_id, og.rec_id, o.order_sn, o.add_time, ' . self::OPEN . ' AS is_open, ';
        $rows = $db->rows(
            $columns . 'og.goods_id, og.product_id, og.goods_number AS quantity
             FROM {order_goods} og JOIN {order_info} o ON o.order_id = og.order_id
             WHERE og.goods_id IN (?) AND og.extension_code <> ? AND ' . $condition,
            array_merge(array($goodsIds, 'package_buy'), $values)
        );
        // A package line has the activity's id for goods_id; its members are looked up as ECShop itself does, live.
        $packages = $db->column(
            'SELECT DISTINCT package_id FROM {package_goods} WHERE goods_id IN (?) AND package_id > 0',
            array($goodsIds)
        );
        if ($packages === array()) {
            return $rows;
        }
        return array_merge($rows, $db->rows(
            $columns . 'pg.goods_id, pg.product_id, og.goods_number * SUM(pg.goods_number) AS quantity
             FROM {order_goods} og JOIN {order_info} o ON o.order_id = og.order_id
             JOIN {package_goods} pg ON pg.package_id = og.goods_id
             WHERE og.goods_id IN (?) AND og.extension_code = ? AND pg.goods_id IN (?) AND ' . $condition . '
             GROUP BY og.rec_id, og.order_id, og.goods_number, o.order_sn, o.add_time, o.order_status, o.shipping_status,
               pg.goods_id, pg.product_id',
            array_merge(array($packages, 'package_buy', $goodsIds), $values)
        ));
    }

    /** @internal */
    public static function byLine(array $one, array $other)
    {
        $byOrder = (int) $one['order_id'] - (int) $other['order_id'];
        return $byOrder === 0 ? (int) $one['rec_id'] - (int) $other['rec_id'] : $byOrder;
    }

    /** @return array "order_id/key" => pieces on notes that have left (status 0); send_number counts notes that have not */
    private function shipped(array $rows, array $goods)
    {
        $orders = array();
        foreach ($rows as $row) {
            $orders[$row['order_id']] = true;
        }
        $shipped = array();
        foreach (array_chunk(array_keys($orders), 1000) as $some) {
            $sent = $this->app->db->rows(
                'SELECT d.order_id, dg.goods_id, dg.product_id, SUM(dg.send_number) AS pieces
                 FROM {delivery_order} d JOIN {delivery_goods} dg ON dg.delivery_id = d.delivery_id
                 WHERE d.order_id IN (?) AND d.status = 0 AND dg.goods_id IN (?)
                 GROUP BY d.order_id, dg.goods_id, dg.product_id',
                array($some, array_keys($goods))
            );
            foreach ($sent as $row) {
                $pool = $row['order_id'] . '/' . self::keyOf($row, $goods);
                $shipped[$pool] = (isset($shipped[$pool]) ? $shipped[$pool] : 0) + (int) $row['pieces'];
            }
        }
        return $shipped;
    }

    /**
     * Orders written within the last day: from the outbox, from what is not collected into it yet, and from ECShop's own
     * log, which knows every change of status at once even where the bridge only polls.
     * @return array order_id => true
     */
    private function recentlyChanged()
    {
        $since = time() - self::RECENT;
        $recent = array();
        foreach ($this->app->db->column("SELECT DISTINCT thing_id FROM {erpsync_change} WHERE kind = 'order'") as $id) {
            $recent[$id] = true;
        }
        $outbox = $this->newest('erpsync_outbox', 'seq', "IF(kind = 'order', thing_id, NULL)", 'changed_at', $since);
        $log = $this->newest('order_action', 'action_id', 'order_id', 'log_time', $this->app->time()->toRaw($since));
        foreach (array_merge($outbox, $log) as $id) {
            $recent[$id] = true;
        }
        return $recent;
    }

    /** @return array of rows since then, read backwards by a number that rises with a time which has no index */
    private function newest($table, $number, $id, $time, $since)
    {
        $ids = array();
        $before = null;
        do {
            $rows = $this->app->db->rows(
                'SELECT ' . $number . ' AS number, ' . $id . ' AS id, ' . $time . ' AS written FROM {' . $table . '}'
                . ($before === null ? '' : ' WHERE ' . $number . ' < ?') . ' ORDER BY ' . $number . ' DESC LIMIT 1000',
                $before === null ? array() : array($before)
            );
            $isOlder = count($rows) < 1000;
            foreach ($rows as $row) {
                $before = $row['number'];
                if ((int) $row['written'] < $since) {
                    $isOlder = true;
                } elseif ($row['id'] !== null) {
                    $ids[] = $row['id'];
                }
            }
        } while (!$isOlder);
        return $ids;
    }
}
