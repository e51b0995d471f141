<?php
/**
 * Pieces that leave the stock or come back, as parts of one UPDATE: however many goods, the step of the command moves with
 * all of them at once. ECShop keeps a SKU's number in `products` and the sum of them in `goods`; both change.
 */
class ErpSync_StockMove
{
    /** @var array goods_id => pieces */
    private $goods = array();
    /** @var array product_id => pieces */
    private $products = array();

    public function add($goodsId, $productId, $pieces)
    {
        $this->goods[(int) $goodsId] = (isset($this->goods[(int) $goodsId]) ? $this->goods[(int) $goodsId] : 0) + (int) $pieces;
        if ((int) $productId > 0) {
            $known = isset($this->products[(int) $productId]) ? $this->products[(int) $productId] : 0;
            $this->products[(int) $productId] = $known + (int) $pieces;
        }
    }

    /** @return array of joins for ErpSync_Command::together; goods that are gone do not matter */
    public function joins()
    {
        $joins = array();
        if ($this->goods !== array()) {
            $joins[] = array('LEFT JOIN {goods} g ON g.goods_id IN (?)', array(array_keys($this->goods)));
        }
        if ($this->products !== array()) {
            $joins[] = array(
                'LEFT JOIN {products} p ON p.goods_id = g.goods_id AND p.product_id IN (?)',
                array(array_keys($this->products)),
            );
        }
        return $joins;
    }

    /** Clamped at zero: below it, the unsigned columns make the statement fail (error 1690). @return array of sets */
    public function out()
    {
        return $this->sets('%1$s = %1$s - LEAST(%1$s, %2$s)');
    }

    /** @return array of sets */
    public function back()
    {
        return $this->sets('%1$s = %1$s + %2$s');
    }

    private function sets($form)
    {
        $sets = array();
        if ($this->goods !== array()) {
            $sets[] = array(sprintf($form, 'g.goods_number', self::pieces('g.goods_id', $this->goods)), array());
        }
        if ($this->products !== array()) {
            $sets[] = array(sprintf($form, 'p.product_number', self::pieces('p.product_id', $this->products)), array());
        }
        return $sets;
    }

    private static function pieces($column, array $pieces)
    {
        $sql = 'CASE ' . $column;
        foreach ($pieces as $id => $number) {
            $sql .= ' WHEN ' . $id . ' THEN ' . $number;
        }
        return $sql . ' END';
    }
}
