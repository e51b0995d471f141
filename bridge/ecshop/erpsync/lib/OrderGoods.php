<?php
/**
 * The lines of an order and what delivery notes hold of them. A note names goods and SKU, never the order's line; so all
 * is counted by key (package, goods, product), and lines of one SKU are filled in the order of rec_id.
 */
class ErpSync_OrderGoods
{
    /** Status of a delivery note. */
    const SHIPPED = 0;
    const PREPARED = 2;

    /** @var ErpSync_Db */
    private $db;
    /** @var string */
    private $orderId;
    /** @var array rec_id => row */
    private $lines = array();
    /** @var array rec_id => members of the package in that line */
    private $members = array();

    public function __construct(ErpSync_Db $db, $orderId)
    {
        $this->db = $db;
        $this->orderId = $orderId;
        $rows = $db->rows(
            'SELECT og.rec_id, og.goods_id, og.goods_name, og.goods_sn, og.product_id, og.goods_number, og.goods_attr,
               og.send_number, og.is_real, og.extension_code, p.product_sn, b.brand_name
             FROM {order_goods} og LEFT JOIN {products} p ON p.product_id = og.product_id AND og.product_id > 0
               LEFT JOIN {goods} g ON g.goods_id = og.goods_id LEFT JOIN {brand} b ON b.brand_id = g.brand_id
             WHERE og.order_id = ? ORDER BY og.rec_id',
            array($orderId)
        );
        $packages = array();
        foreach ($rows as $row) {
            $this->lines[$row['rec_id']] = $row;
            if ($row['extension_code'] === 'package_buy') {
                $packages[$row['rec_id']] = $row['goods_id'];
            }
        }
        if ($packages !== array()) {
            $this->readMembers($packages);
        }
    }

    /** What the package held when the order was first seen: that is what the warehouse was told, and packed. */
    private function readMembers(array $packages)
    {
        $definitions = new ErpSync_Packages($this->db, new ErpSync_Columns($this->db));
        foreach ($definitions->ofLines($packages) as $recId => $members) {
            $this->members[$recId] = array();
            foreach ($members as $member) {
                $row = $this->db->row(
                    'SELECT g.goods_name, g.goods_sn, g.is_real, p.product_sn FROM {goods} g
                       LEFT JOIN {products} p ON p.product_id = ? AND p.goods_id = g.goods_id
                     WHERE g.goods_id = ?',
                    array($member['product_id'], $member['goods_id'])
                );
                $this->members[$recId][] = array(
                    'goods_id' => $member['goods_id'],
                    'product_id' => $member['product_id'],
                    'goods_number' => $member['goods_number'],
                    'goods_name' => $row === null ? '' : $row['goods_name'],
                    'goods_sn' => $row === null ? '' : $row['goods_sn'],
                    'product_sn' => $row === null ? '' : (string) $row['product_sn'],
                    'is_real' => $row === null ? '1' : $row['is_real'],
                );
            }
        }
    }

    public function has($recId)
    {
        return isset($this->lines[$recId]);
    }

    public function ordered($recId)
    {
        return (int) $this->lines[$recId]['goods_number'];
    }

    /** @return bool whether it can be put into a parcel: no voucher, no discount line, no package with a voucher in it */
    public function isParcel($recId)
    {
        $line = $this->lines[$recId];
        if ($line['extension_code'] === 'package_buy') {
            foreach ($this->members[$recId] as $member) {
                if ($member['is_real'] === '0') {
                    return false;
                }
            }
            return $this->members[$recId] !== array();
        }
        return $line['is_real'] !== '0' && $line['goods_id'] !== '0';
    }

    /** @return array of keys => pieces that one unit of the line takes */
    private function unit($recId)
    {
        $line = $this->lines[$recId];
        if ($line['extension_code'] !== 'package_buy') {
            return array(self::key('0', $line['goods_id'], $line['product_id']) => 1);
        }
        $unit = array();
        foreach ($this->members[$recId] as $member) {
            $key = self::key($line['goods_id'], $member['goods_id'], $member['product_id']);
            $unit[$key] = (isset($unit[$key]) ? $unit[$key] : 0) + $member['goods_number'];
        }
        return $unit;
    }

    private static function key($package, $goodsId, $productId)
    {
        return (int) $package . '/' . (int) $goodsId . '/' . (int) $productId;
    }

    /** @return array key => pieces ordered */
    public function orderedPieces()
    {
        $pieces = array();
        foreach ($this->lines as $recId => $line) {
            $pieces = self::sum($pieces, $this->pieces(array($recId => (int) $line['goods_number'])));
        }
        return $pieces;
    }

    /**
     * @param array $quantities rec_id => units
     * @return array key => pieces
     */
    public function pieces(array $quantities)
    {
        $pieces = array();
        foreach ($quantities as $recId => $quantity) {
            foreach ($this->unit($recId) as $key => $number) {
                $pieces = self::sum($pieces, array($key => $number * $quantity));
            }
        }
        ksort($pieces);
        return $pieces;
    }

    public static function sum(array $some, array $others)
    {
        foreach ($others as $key => $number) {
            $some[$key] = (isset($some[$key]) ? $some[$key] : 0) + $number;
        }
        return $some;
    }

    /** @return array of notes that are shipped or in preparation: delivery_id, delivery_sn, status, pieces; oldest first */
    public function notes()
    {
        $notes = array();
        foreach ($this->db->rows(
            'SELECT delivery_id, delivery_sn, status FROM {delivery_order} WHERE order_id = ? AND status IN (?)
             ORDER BY delivery_id',
            array($this->orderId, array(self::SHIPPED, self::PREPARED))
        ) as $row) {
            $notes[$row['delivery_id']] = array(
                'delivery_id' => $row['delivery_id'],
                'delivery_sn' => $row['delivery_sn'],
                'status' => (int) $row['status'],
                'pieces' => array(),
            );
        }
        if ($notes !== array()) {
            // 2.8 leaves extension_code NULL where 2.7.3 has ''.
            $rows = $this->db->rows(
                "SELECT delivery_id, goods_id, product_id, IF(extension_code = 'package_buy', parent_id, 0) AS package,
                   SUM(send_number) AS pieces
                 FROM {delivery_goods} WHERE delivery_id IN (?) GROUP BY delivery_id, goods_id, product_id, package",
                array(array_keys($notes))
            );
            foreach ($rows as $row) {
                $key = self::key($row['package'], $row['goods_id'], $row['product_id']);
                $notes[$row['delivery_id']]['pieces'][$key] = (int) $row['pieces'];
            }
        }
        foreach (array_keys($notes) as $id) {
            ksort($notes[$id]['pieces']);
        }
        return array_values($notes);
    }

    /**
     * Rows of delivery_goods as the split screen writes them: members of a package one by one under its id.
     * @param array $quantities rec_id => units
     */
    public function noteRows($deliveryId, array $quantities)
    {
        $rows = array();
        foreach ($quantities as $recId => $quantity) {
            $line = $this->lines[$recId];
            $isPackage = $line['extension_code'] === 'package_buy';
            foreach ($isPackage ? $this->members[$recId] : array($line) as $goods) {
                $rows[] = array(
                    'delivery_id' => $deliveryId,
                    'goods_id' => $goods['goods_id'],
                    'product_id' => $goods['product_id'],
                    'product_sn' => (string) $goods['product_sn'],
                    'goods_name' => $goods['goods_name'] . ($isPackage ? '--[' . $goods['goods_number'] . ']' : ''),
                    'brand_name' => $isPackage ? '' : (string) $line['brand_name'],
                    'goods_sn' => $goods['goods_sn'],
                    'is_real' => $goods['is_real'],
                    'extension_code' => $isPackage ? 'package_buy' : '',
                    'parent_id' => $isPackage ? $line['goods_id'] : 0,
                    'send_number' => $isPackage ? $goods['goods_number'] * $quantity : $quantity,
                    'goods_attr' => $isPackage ? null : $line['goods_attr'],
                );
            }
        }
        return $rows;
    }

    /**
     * Sets send_number of every line to what live notes hold of it.
     * @return bool whether nothing is left that a parcel or a card could still bring
     */
    public function recount()
    {
        $left = array();
        foreach ($this->notes() as $note) {
            $left = self::sum($left, $note['pieces']);
        }
        $isFinished = true;
        $last = $this->lastOfKeys();
        foreach ($this->lines as $recId => $line) {
            $sent = (int) $line['send_number'];
            if ($line['is_real'] !== '0') {
                $unit = $this->unit($recId);
                $sent = $this->taken($recId, $unit, $left, $last);
                foreach ($unit as $key => $number) {
                    $left[$key] = (isset($left[$key]) ? $left[$key] : 0) - $number * $sent;
                }
                if ($sent !== (int) $line['send_number']) {
                    $this->db->exec('UPDATE {order_goods} SET send_number = ? WHERE rec_id = ? AND order_id = ?', array(
                        $sent,
                        $recId,
                        $this->orderId,
                    ));
                    $this->lines[$recId]['send_number'] = (string) $sent;
                }
            }
            // A discount of a promotion is a line without goods; ECShop waits for it for ever, we do not.
            $isFinished = $isFinished && ($sent >= (int) $line['goods_number'] || $line['goods_id'] === '0');
        }
        return $isFinished;
    }

    /** Units of a line that the pieces left make up; a person can put more on notes than was ordered. */
    private function taken($recId, array $unit, array $left, array $last)
    {
        if ($unit === array()) {
            return (int) $this->lines[$recId]['send_number'];
        }
        $units = null;
        foreach ($unit as $key => $number) {
            $possible = (int) floor((isset($left[$key]) ? $left[$key] : 0) / max(1, $number));
            $units = $units === null ? $possible : min($units, $possible);
        }
        $isLast = count($unit) === 1 && $last[key($unit)] === $recId && $this->lines[$recId]['extension_code'] !== 'package_buy';
        return max(0, $isLast ? $units : min($units, (int) $this->lines[$recId]['goods_number']));
    }

    /** @return array key => rec_id of the last line that it belongs to */
    private function lastOfKeys()
    {
        $last = array();
        foreach (array_keys($this->lines) as $recId) {
            foreach (array_keys($this->unit($recId)) as $key) {
                $last[$key] = $recId;
            }
        }
        return $last;
    }

    /** @return ErpSync_StockMove the pieces of a note */
    public static function stockMove(array $pieces)
    {
        $move = new ErpSync_StockMove();
        foreach ($pieces as $key => $number) {
            list(, $goodsId, $productId) = explode('/', $key);
            $move->add($goodsId, $productId, $number);
        }
        return $move;
    }

    /**
     * What placing the order took from the stock, for giving it back: of a package's members the goods only, because
     * ECShop takes no SKU of them (change_order_goods_storage of lib_order.php), and vouchers do not come back.
     * @return ErpSync_StockMove
     */
    public function placedStock()
    {
        $move = new ErpSync_StockMove();
        foreach ($this->lines as $recId => $line) {
            if ($line['is_real'] === '0') {
                continue;
            }
            if ($line['extension_code'] !== 'package_buy') {
                $move->add($line['goods_id'], $line['product_id'], $line['goods_number']);
                continue;
            }
            foreach ($this->members[$recId] as $member) {
                if ($member['is_real'] !== '0') {
                    $move->add($member['goods_id'], 0, $member['goods_number'] * $line['goods_number']);
                }
            }
        }
        return $move;
    }

    /** @return bool whether anything of it is on its way: a note that is shipped, or a card that was handed out */
    public function isTouched()
    {
        foreach ($this->notes() as $note) {
            if ($note['status'] === self::SHIPPED) {
                return true;
            }
        }
        foreach ($this->lines as $line) {
            if ($line['is_real'] === '0' && (int) $line['send_number'] > 0) {
                return true;
            }
        }
        return false;
    }
}
