<?php
/** `POST stock-query.php`: what the shop offers and what it owes of SKUs, by their codes or page by page. */
class ErpSync_StockQuery
{
    const MAX_SKUS = 200;
    const PAGE_BYTES = 900000;

    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Skus */
    private $skus;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
        $this->skus = new ErpSync_Skus($app->db);
    }

    public function answer(ErpSync_ApiRequest $request)
    {
        $body = $request->body(array('skus', 'after', 'limit'));
        if ($body->has('skus')) {
            if ($body->has('after') || $body->has('limit')) {
                throw $body->problem('skus', 'goes without after and limit');
            }
            return $this->items(array_unique($body->texts('skus', 1, self::MAX_SKUS, 1, 60))) + array('next' => null);
        }
        return $this->page(
            $body->matching('after', '/^([0-9]{1,18}-[0-9]{1,18})?$/D', 'is neither empty nor the next of a page'),
            $body->int('limit', 1, 1000)
        );
    }

    private function page($after, $limit)
    {
        $cursor = $after === '' ? array(0, 0) : explode('-', $after);
        $page = $this->skus->page((int) $cursor[0], (int) $cursor[1], $limit);
        $codes = array();
        $unnamed = array();
        foreach ($page['skus'] as $sku) {
            if ($sku['sku'] === '') {
                $of = 'Goods ' . $sku['goods_id'] . ($sku['product_id'] === '0' ? '' : ', product ' . $sku['product_id']);
                $unnamed[] = array('sku' => '', 'code' => 'no-sku-code', 'message' => $of . ' has no code in the shop.');
            } else {
                $codes[] = $sku['sku'];
            }
        }
        $answer = $this->items(array_unique($codes));
        $answer['problems'] = array_merge($answer['problems'], $unnamed);
        $last = end($page['skus']);
        $answer['next'] = $page['more'] ? $last['goods_id'] . '-' . $last['product_id'] : null;
        return self::cut($answer);
    }

    /** @return array items and problems of these codes */
    private function items(array $codes)
    {
        $skus = array();
        $problems = array();
        $found = $codes === array() ? array() : $this->skus->byCode($codes);
        foreach ($codes as $code) {
            if (count($found[$code]) === 1) {
                $skus[] = $found[$code][0];
            } elseif ($found[$code] === array()) {
                $problems[] = array(
                    'sku' => $code,
                    'code' => 'unknown-sku',
                    'message' => 'No goods on stock in the shop have this code.',
                );
            } else {
                $problems[] = array(
                    'sku' => $code,
                    'code' => 'ambiguous-sku',
                    'message' => count($found[$code]) . ' goods or products in the shop have this code.',
                );
            }
        }
        // Quantities were read first, lines come after: an order placed between the two is owed without being deducted.
        $reader = new ErpSync_OpenLines($this->app);
        $lines = $reader->of($skus);
        $written = $this->written($skus);
        $items = array();
        foreach ($skus as $sku) {
            $key = ErpSync_OpenLines::key($sku['goods_id'], $sku['product_id']);
            $items[] = array(
                'sku' => $sku['sku'],
                'goods_id' => $sku['goods_id'],
                'product_id' => $sku['product_id'],
                'quantity' => $sku['quantity'],
                'digest' => ErpSync_OpenLines::digest($sku['quantity'], $lines[$key]),
                'as_of' => isset($written[$key]) ? $written[$key] : null,
                'lines' => $lines[$key],
            );
        }
        return array('items' => $items, 'problems' => $problems);
    }

    /** @return array key => instant of the figure that was written last */
    private function written(array $skus)
    {
        $goodsIds = array();
        foreach ($skus as $sku) {
            $goodsIds[] = $sku['goods_id'];
        }
        $rows = $goodsIds === array() ? array() : $this->app->db->rows(
            'SELECT goods_id, product_id, as_of FROM {erpsync_stock} WHERE goods_id IN (?) AND as_of > 0',
            array($goodsIds)
        );
        $written = array();
        foreach ($rows as $row) {
            $instant = gmdate('Y-m-d\TH:i:s', (int) substr($row['as_of'], 0, -3)) . '.' . substr($row['as_of'], -3) . 'Z';
            $written[ErpSync_OpenLines::key($row['goods_id'], $row['product_id'])] = $instant;
        }
        return $written;
    }

    /** Ends the page early rather than answer more than a call may have; one item at least goes out. */
    private static function cut(array $answer)
    {
        $bytes = 0;
        foreach ($answer['items'] as $index => $item) {
            $bytes += strlen(json_encode($item));
            if ($bytes > self::PAGE_BYTES && $index > 0) {
                $last = $answer['items'][$index - 1];
                $answer['items'] = array_slice($answer['items'], 0, $index);
                $answer['next'] = $last['goods_id'] . '-' . $last['product_id'];
                break;
            }
        }
        return $answer;
    }
}
