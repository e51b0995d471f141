<?php
/**
 * The shop's SKUs by their codes: products.product_sn where goods have SKU rows, else goods.goods_sn. Nothing in ECShop
 * makes codes unique or even demands them. The recycle bin and virtual goods have no stock that anybody else could know.
 */
class ErpSync_Skus
{
    const COUNTED = 'g.is_delete = 0 AND g.is_real = 1';

    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /**
     * @param array $codes
     * @return array code => list of SKUs with it (goods_id, product_id, sku, quantity): none, one, or it is ambiguous
     */
    public function byCode(array $codes)
    {
        // A code may be stored with entities, and every answer has it without; the collation ignores case, ERPs may not.
        $stored = array();
        foreach ($codes as $code) {
            $stored[] = (string) $code;
            $stored[] = htmlspecialchars($code, ENT_QUOTES, 'UTF-8');
        }
        $stored = array_values(array_unique($stored));
        $rows = $this->having(
            'SELECT p.goods_id, p.product_id, p.product_sn AS code, p.product_number AS number
             FROM {products} p JOIN {goods} g ON g.goods_id = p.goods_id
             WHERE p.product_sn IN (?) AND ' . self::COUNTED,
            $stored
        );
        $goods = $this->having(
            'SELECT g.goods_id, 0 AS product_id, g.goods_sn AS code, g.goods_number AS number FROM {goods} g
             WHERE g.goods_sn IN (?) AND ' . self::COUNTED,
            $stored
        );
        $ids = array();
        foreach ($goods as $row) {
            $ids[] = $row['goods_id'];
        }
        $siblings = $this->productsOf($ids);
        foreach ($goods as $row) {
            if (!isset($siblings[$row['goods_id']])) {
                $rows[] = $row;
            }
        }
        $found = array();
        foreach ($codes as $code) {
            $found[$code] = array();
        }
        foreach ($rows as $row) {
            $sku = self::sku($row);
            if (isset($found[$sku['sku']])) {
                $found[$sku['sku']][] = $sku;
            }
        }
        return $found;
    }

    /**
     * A code with a character that the column's charset lacks makes the server refuse the whole statement ("illegal mix of
     * collations"); no goods can have it, and the others must not suffer.
     */
    private function having($sql, array $codes)
    {
        try {
            return $this->db->rows($sql, array($codes));
        } catch (ErpSync_DbError $error) {
            if (!in_array($error->getCode(), array(1267, 1270, 1271), true)) {
                throw $error;
            }
        }
        if (count($codes) === 1) {
            return array();
        }
        $rows = array();
        foreach (array_chunk($codes, (int) ceil(count($codes) / 2)) as $half) {
            $rows = array_merge($rows, $this->having($sql, $half));
        }
        return $rows;
    }

    /**
     * By goods_id, then product_id.
     * @param int $afterGoods
     * @param int $afterProduct
     * @return array skus: at most $limit of them, codes as they are; more: whether there are further ones
     */
    public function page($afterGoods, $afterProduct, $limit)
    {
        $goods = $this->db->rows(
            'SELECT g.goods_id, 0 AS product_id, g.goods_sn AS code, g.goods_number AS number FROM {goods} g
             WHERE g.goods_id >= ? AND ' . self::COUNTED . ' ORDER BY g.goods_id LIMIT ' . ((int) $limit + 1),
            array($afterGoods)
        );
        $ids = array();
        foreach ($goods as $row) {
            $ids[] = $row['goods_id'];
        }
        // In a query of its own: `products` has no index on goods_id, so that a join would read it for every row.
        $products = $this->productsOf($ids);
        $skus = array();
        foreach ($goods as $row) {
            $rows = isset($products[$row['goods_id']]) ? $products[$row['goods_id']] : array($row);
            foreach ($rows as $one) {
                if ((int) $one['goods_id'] > $afterGoods || (int) $one['product_id'] > $afterProduct) {
                    $skus[] = self::sku($one);
                }
            }
        }
        return array(
            'skus' => array_slice($skus, 0, $limit),
            'more' => count($skus) > $limit || count($goods) > $limit,
        );
    }

    /** @return array goods_id => its rows in `products`, rising; goods without any are left out */
    public function productsOf(array $goodsIds)
    {
        $products = array();
        $rows = $goodsIds === array() ? array() : $this->db->rows(
            'SELECT goods_id, product_id, product_sn AS code, product_number AS number FROM {products}
             WHERE goods_id IN (?) ORDER BY product_id',
            array($goodsIds)
        );
        foreach ($rows as $row) {
            $products[$row['goods_id']][] = $row;
        }
        return $products;
    }

    /** @return array goods_id, product_id, sku (the code, '' for none), quantity */
    private static function sku(array $row)
    {
        return array(
            'goods_id' => $row['goods_id'],
            'product_id' => $row['product_id'],
            'sku' => ErpSync_Text::clean($row['code']),
            'quantity' => (int) $row['number'],
        );
    }
}
