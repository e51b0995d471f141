<?php
/**
 * `POST stock-write.php`: writes the ERP's figures, each only while the shop still has what the figure was computed from.
 *
 * One statement writes a SKU, its goods' total and the instant of the figure, under the conditions: in InnoDB under row
 * locks, in MyISAM under table locks, so that a sale comes wholly before or wholly after it. Where the sale came first,
 * the quantity differs and nothing is written.
 */
class ErpSync_StockWrite
{
    /** Seconds a checkout may take from its order's row to its last statement; PHP stops a request after 30. */
    const CHECKOUT_SECONDS = 60;
    /** Rows at the end of a table among which those of the last minute are. */
    const NEWEST = 2000;
    const LOCK_WAIT_TIMEOUT = 1205;
    const DEADLOCK = 1213;

    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Db */
    private $db;
    /** @var ErpSync_Skus */
    private $skus;
    /** @var array goods_id => ids of all its rows in `products` */
    private $siblings = array();
    /** @var bool */
    private $isLocked = false;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
        $this->db = $app->db;
        $this->skus = new ErpSync_Skus($app->db);
    }

    public function answer(ErpSync_ApiRequest $request)
    {
        $body = $request->body(array('as_of', 'origin', 'items'));
        $asOf = $body->instantMs('as_of');
        if ($body->instant('as_of') > time() + 86400) {
            // It would be taken for the newest until that day.
            throw $body->problem('as_of', 'is in the future');
        }
        $origin = $body->origin();
        $items = array();
        foreach ($body->objects('items', array('sku', 'quantity', 'expect', 'digest'), 1, ErpSync_StockQuery::MAX_SKUS) as $item) {
            $sku = $item->text('sku', 1, 60);
            if (isset($items[$sku])) {
                throw $item->problem('sku', 'is in the list twice');
            }
            $items[$sku] = array(
                'sku' => $sku,
                'quantity' => $item->int('quantity', 0, 2147483647),
                'expect' => $item->int('expect', -PHP_INT_MAX, PHP_INT_MAX),
                'digest' => $item->has('digest') ? $item->text('digest', 0, 64) : null,
            );
        }
        // Writers wait for each other, so that two of them cannot lock two SKUs of one goods against each other.
        if (!$this->db->lock('stock', 10)) {
            throw new ErpSync_ApiProblem('busy', 'Another stock write is running.', 'Call again later.');
        }
        $results = $this->write($items, $asOf, $origin);
        $this->db->unlock('stock');
        return array('results' => $results);
    }

    private function write(array $items, $asOf, $origin)
    {
        $found = $this->skus->byCode(array_map('strval', array_keys($items)));
        $known = array();
        foreach ($found as $skus) {
            if (count($skus) === 1) {
                $known[] = $skus[0];
            }
        }
        $stock = new ErpSync_StockSwitch($this->app);
        $mode = $stock->current();
        $busy = $mode === 'placement' ? $this->goodsInCheckout($known) : array();
        $digests = $mode === 'none' ? array() : $this->digests($known);
        $maximum = array(
            'goods' => $this->maximum('goods', 'goods_number'),
            'products' => $this->maximum('products', 'product_number'),
        );
        $this->prepare($known);
        $results = array();
        $isShown = false;
        foreach ($items as $code => $item) {
            if (count($found[$code]) !== 1) {
                $results[] = array(
                    'sku' => $item['sku'],
                    'result' => $found[$code] === array() ? 'unknown-sku' : 'ambiguous-sku',
                    'quantity' => null,
                    'clamped' => false,
                );
                continue;
            }
            $sku = $found[$code][0];
            $key = ErpSync_OpenLines::key($sku['goods_id'], $sku['product_id']);
            $figure = min($item['quantity'], $maximum[$sku['product_id'] === '0' ? 'goods' : 'products']);
            if (isset($busy[$sku['goods_id']])) {
                $result = array('result' => 'busy', 'quantity' => $sku['quantity']);
            } elseif ($item['digest'] !== null && isset($digests[$key]) && $digests[$key] !== $item['digest']
                && $sku['quantity'] !== $figure) {
                // In placement mode the number may be what it was while one order came and another went: the figure counted
                // what that one had in the ERP as its own. Lines may change once more before the statement. An order that
                // comes or goes does no harm: it changes the quantity, or of `desired + unshipped` one falls as the other
                // rises. What ships at shipment changes the quantity, which the statement tests. (ECShop forgets to deduct
                // some lines of mixed notes: then the next run sees the order changed.)
                $result = array('result' => 'conflict', 'quantity' => $sku['quantity']);
            } else {
                $result = $this->tryOne($sku, $item['expect'], $figure, $asOf, $origin);
                $isShown = $isShown || $result['isShown'];
            }
            $results[] = array(
                'sku' => $item['sku'],
                'result' => $result['result'],
                'quantity' => $result['quantity'],
                'clamped' => $figure < $item['quantity']
                    && ($result['result'] === 'applied' || $result['result'] === 'unchanged'),
            );
        }
        if ($isShown) {
            ErpSync_ShopCache::clear($this->app->config->root);
        }
        return $results;
    }

    /** What all the statements need, in one query each. */
    private function prepare(array $skus)
    {
        $goodsIds = array();
        $rows = array();
        foreach ($skus as $sku) {
            if ($sku['product_id'] !== '0') {
                $goodsIds[] = $sku['goods_id'];
                $this->siblings[$sku['goods_id']] = array();
            }
            $rows[] = '(' . (int) $sku['goods_id'] . ', ' . (int) $sku['product_id'] . ", 0, 0, '')";
        }
        foreach ($this->skus->productsOf($goodsIds) as $goodsId => $products) {
            foreach ($products as $product) {
                $this->siblings[$goodsId][] = $product['product_id'];
            }
        }
        try {
            // ECShop itself holds a row for milliseconds; whoever holds one longer would keep us for the default of 50 s.
            $this->db->exec('SET SESSION innodb_lock_wait_timeout = 5');
        } catch (ErpSync_DbError $error) {
            // A server without InnoDB, or so old that it cannot be set: then it waits.
        }
        if ($rows !== array()) {
            $this->db->exec(
                'INSERT IGNORE INTO {erpsync_stock} (goods_id, product_id, as_of, quantity, origin) VALUES ' . implode(', ', $rows)
            );
        }
    }

    /** A SKU that the database would not let us lock is busy; after a wait that was in vain, so is the rest of the call. */
    private function tryOne(array $sku, $expect, $figure, $asOf, $origin)
    {
        try {
            if (!$this->isLocked) {
                return $this->writeOne($sku, $expect, $figure, $asOf, $origin);
            }
            return array('result' => 'busy', 'quantity' => $sku['quantity'], 'isShown' => false);
        } catch (ErpSync_DbError $error) {
            if ($error->getCode() !== self::LOCK_WAIT_TIMEOUT && $error->getCode() !== self::DEADLOCK) {
                throw $error;
            }
            $this->isLocked = $error->getCode() === self::LOCK_WAIT_TIMEOUT;
            return array('result' => 'busy', 'quantity' => $this->quantity($sku), 'isShown' => false);
        }
    }

    /** @return array result, quantity, isShown: whether pages of the shop show something else now */
    private function writeOne(array $sku, $expect, $figure, $asOf, $origin)
    {
        $ids = array($sku['goods_id'], $sku['product_id']);
        // Strictly newer: a call repeated after the same number was sold must not write it again.
        $kept = 's.goods_id = ? AND s.product_id = ? AND s.as_of < ?';
        $set = 's.as_of = ?, s.quantity = ?, s.origin = ?';
        if ($sku['product_id'] === '0') {
            $changed = $this->db->exec(
                'UPDATE {goods} g JOIN {erpsync_stock} s ON s.goods_id = g.goods_id
                 SET g.goods_number = ?, ' . $set . '
                 WHERE g.goods_id = ? AND g.goods_number IN (?) AND ' . $kept,
                array_merge(
                    array($figure, $asOf, $figure, $origin, $sku['goods_id'], array($expect, $figure)),
                    $ids,
                    array($asOf)
                )
            );
        } else {
            $others = array_diff($this->siblings[$sku['goods_id']], array($sku['product_id']));
            // By primary keys: `products` has no index on goods_id, and locking all of it would stop every checkout.
            // A sum beyond its column is clamped by the server.
            $changed = $this->db->exec(
                'UPDATE {products} p
                 JOIN {goods} g ON g.goods_id = p.goods_id
                 JOIN {erpsync_stock} s ON s.goods_id = p.goods_id AND s.product_id = p.product_id
                 JOIN (SELECT COALESCE(SUM(product_number), 0) AS number FROM {products} WHERE product_id IN (?)) others
                 SET p.product_number = ?, g.goods_number = others.number + ?, ' . $set . '
                 WHERE p.product_id = ? AND p.goods_id = ? AND COALESCE(p.product_number, 0) IN (?) AND ' . $kept,
                array_merge(
                    array($others === array() ? '0' : $others, $figure, $figure, $asOf, $figure, $origin),
                    array($sku['product_id'], $sku['goods_id'], array($expect, $figure)),
                    $ids,
                    array($asOf)
                )
            );
        }
        $now = $this->quantity($sku);
        if ($changed > 0) {
            // Of an unchanged SKU only the row of its instant was written, and the goods' total if it was wrong.
            $same = $sku['quantity'] === $figure;
            return array('result' => $same ? 'unchanged' : 'applied', 'quantity' => $figure, 'isShown' => !$same || $changed > 1);
        }
        $newer = $this->db->row(
            'SELECT as_of > ? AS is_newer, as_of = ? AS is_same FROM {erpsync_stock} WHERE goods_id = ? AND product_id = ?',
            array_merge(array($asOf, $asOf), $ids)
        );
        $result = 'conflict';
        if ($newer['is_newer'] === '1') {
            $result = 'stale';
        } elseif ($newer['is_same'] === '1') {
            // The same call again: its figure is there, or something was sold since.
            $result = $now === $figure ? 'unchanged' : 'stale';
        }
        return array('result' => $result, 'quantity' => $now, 'isShown' => false);
    }

    /** @return int|null null if it has just been deleted */
    private function quantity(array $sku)
    {
        $number = $sku['product_id'] === '0'
            ? $this->db->value('SELECT goods_number FROM {goods} WHERE goods_id = ?', array($sku['goods_id']))
            : $this->db->value(
                'SELECT COALESCE(product_number, 0) FROM {products} WHERE product_id = ?',
                array($sku['product_id'])
            );
        return $number === null ? null : (int) $number;
    }

    /** @return array key => digest of the shop's lines as they are now */
    private function digests(array $skus)
    {
        $reader = new ErpSync_OpenLines($this->app);
        $lines = $reader->of($skus);
        $digests = array();
        foreach ($skus as $sku) {
            $key = ErpSync_OpenLines::key($sku['goods_id'], $sku['product_id']);
            $digests[$key] = ErpSync_OpenLines::digest($sku['quantity'], $lines[$key]);
        }
        return $digests;
    }

    /**
     * Goods of orders whose checkout may still be running: placed within the last minute by the shop's clock, and without
     * a row in pay_log, which is what a checkout writes last. ECShop writes the lines first and deducts them later; a
     * figure that counted the lines as owed and came between the two would be deducted twice. (The other way round is
     * covered by the expected quantity.) Whole goods, not SKUs: their total is deducted by a statement of its own.
     * Only where stock falls at placement: elsewhere a checkout deducts nothing.
     *
     * @return array goods_id => true
     */
    private function goodsInCheckout(array $skus)
    {
        $goodsIds = array();
        foreach ($skus as $sku) {
            $goodsIds[] = $sku['goods_id'];
        }
        if ($goodsIds === array()) {
            return array();
        }
        // The ends of both tables, by primary key: neither has an index on what is asked.
        $orders = $this->db->column(
            'SELECT order_id FROM (SELECT order_id, add_time FROM {order_info} ORDER BY order_id DESC LIMIT ' . self::NEWEST
            . ') newest WHERE add_time > ?',
            array($this->app->time()->toRaw(time() - self::CHECKOUT_SECONDS))
        );
        $logged = $orders === array() ? array() : $this->db->column(
            'SELECT order_id FROM (SELECT order_id, order_type FROM {pay_log} ORDER BY log_id DESC LIMIT '
            . 2 * self::NEWEST . ') newest WHERE order_type = 0 AND order_id IN (?)',
            array($orders)
        );
        $running = array_values(array_diff($orders, $logged));
        if ($running === array()) {
            return array();
        }
        $direct = $this->db->column(
            'SELECT DISTINCT goods_id FROM {order_goods} WHERE order_id IN (?) AND goods_id IN (?) AND extension_code <> ?',
            array($running, $goodsIds, 'package_buy')
        );
        $members = $this->db->column(
            'SELECT DISTINCT pg.goods_id FROM {order_goods} og JOIN {package_goods} pg ON pg.package_id = og.goods_id
             WHERE og.order_id IN (?) AND pg.goods_id IN (?) AND og.extension_code = ?',
            array($running, $goodsIds, 'package_buy')
        );
        return array_fill_keys(array_merge($direct, $members), true);
    }

    /** @return int the most that the column holds: 65535 in older generations */
    private function maximum($table, $column)
    {
        $columns = $this->db->columns($table);
        $maxima = array('tinyint' => 255, 'smallint' => 65535, 'mediumint' => 16777215);
        $type = isset($columns[$column]) ? strtolower($columns[$column]['Type']) : '';
        foreach ($maxima as $name => $maximum) {
            if (strpos($type, $name) === 0) {
                return strpos($type, 'unsigned') === false ? (int) floor($maximum / 2) : $maximum;
            }
        }
        return 2147483647;
    }
}
